// Graph is our simulator. Prism stands between it and the client and judges both by Microsoft's document.
import { readFileSync, writeFileSync } from 'node:fs';
import { makeBack, makeFront } from './front.mjs';
import { host } from './host.mjs';
import { GRAPH, judgeable, openapi, repository } from './lab.mjs';
import { noObjections, prism } from './prism.mjs';
import { Program, check, expect, pause, until } from './programs.mjs';

const SIMULATOR_SECRET = 's[e]c<r>e?t#&%+ "quo\'te~ü€.Q';
const scope = `${GRAPH}/.default`;
const refused = (call) => call.objection?.includes('UNPROCESSABLE_ENTITY') ?? false;
const violated = (call) => call.objection?.includes('VIOLATIONS') ?? false;
const post = (url, body) => fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', authorization: 'Bearer x' }, body: JSON.stringify(body) });

writeFileSync('ready.json', '');
const simulator = new Program(`${repository}/target/debug/teams-presence-simulator`, ['--users', '200', '--ready-file', 'ready.json', '--exit-with-stdin'], { name: 'simulator' });
await until('the simulator', () => readFileSync('ready.json', 'utf8').length > 0);
const sim = JSON.parse(readFileSync('ready.json', 'utf8'));
const act = async (action) => {
  const answer = await post(`${sim.control}/do`, action);
  expect(answer.ok, `simulator: ${await answer.clone().text()}`);
};

const proxied = {};
const back = await makeBack(() => new URL(proxied.front.url).host);
writeFileSync('graph.json', JSON.stringify(judgeable(openapi)));
const proxyPort = await prism('proxy', 'graph.json', [`http://127.0.0.1:${back.port}/v1.0`]);
proxied.front = await makeFront(() => proxyPort, { onUpstream: back.to });
back.to(sim.http);
const judged = { tenant_id: sim.tenant_id, client_id: sim.client_id, auth: { method: 'client_secret', secret: SIMULATOR_SECRET, scope }, endpoints: { login: sim.http, graph: proxied.front.url } };
const asked = (part) => proxied.front.calls.filter((call) => decodeURIComponent(call.url).includes(part) && call.status === 200).length;

const wrongAnswer = (endpoint, value) => act({ do: 'fault', endpoint, count: 1, action: { kind: 'not_json', content_type: 'application/json', body: JSON.stringify({ value }) } });

// First: whether the judge judges at all. A schema that Prism cannot compile lets everything pass.
await check('Prism refuses a wrong request, and a wrong answer of each kind; the client lives through it', async () => {
  const url = `${proxied.front.url}/v1.0`;
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: sim.client_id, client_secret: SIMULATOR_SECRET, scope });
  const { access_token } = await (await fetch(`${sim.http}/${sim.tenant_id}/oauth2/v2.0/token`, { method: 'POST', body: form })).json();
  const headers = { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' };
  const ask = async (path, body) => {
    const answer = await fetch(url + path, { headers, ...(body && { method: 'POST', body: JSON.stringify(body) }) });
    return [answer.status, proxied.front.calls.at(-1)];
  };
  const presences = '/communications/getPresencesByUserId';
  const [status, call] = await ask(presences, { ids: 'not a list' });
  expect(status === 422 && refused(call), `a wrong request: ${status}`);
  for (const [endpoint, path, value, body] of [
    ['users', '/users?$top=1', [{ id: 'x', mail: 7 }]],
    ['delta', '/users/delta', [{ id: 'x', accountEnabled: 'yes' }]],
    ['presences', presences, [{ id: 'x', availability: 7 }], { ids: [sim.tenant_id] }],
  ]) {
    await wrongAnswer(endpoint, value);
    const [judged, said] = await ask(path, body);
    expect(judged === 500 && violated(said), `a wrong answer of ${endpoint} passed: ${judged}`);
  }
  const pbx = host(judged, ['102=ben@contoso.test']);
  await pbx.until('the first callback', (text) => text.includes('102: chat'));
  await wrongAnswer('presences', [{ id: 'x', availability: 7 }]);
  await until('an objection', () => proxied.front.objections().length === 5);
  await act({ do: 'presence', user: 'ben@contoso.test', availability: 'DoNotDisturb', activity: 'DoNotDisturb' });
  await pbx.until('DND on', (text) => text.includes('102: DND on'), 30_000);
  expect((await pbx.end()) === 0, pbx.text);
  expect(proxied.front.objections().every((one) => refused(one) || violated(one)), JSON.stringify(proxied.front.objections()));
  proxied.front.calls.length = 0;
  return '422 for the request, 500 for users, delta and presences; the next change arrives';
});
await check('by filters: mail, sign-in name, alias; poll; changes come as callbacks', async () => {
  const pbx = host(judged, ['101=ann@contoso.test', '102=ben@contoso.test', '103=cleo.clark@contoso.test', '104=nobody@contoso.test', '105=ann.archer@contoso.test', "106=o'no+one#here@contoso.test"]);
  await pbx.until('first callbacks', (text) => text.includes('101: chat') && text.includes('102: chat') && text.includes('105: chat'));
  await act([{ do: 'presence', user: 'ann@contoso.test', availability: 'Busy', activity: 'InACall' }]);
  await pbx.until('DND on', (text) => text.includes('101: DND on') && text.includes('105: DND on'));
  await act([{ do: 'presence', user: 'ann@contoso.test', availability: 'Available', activity: 'Available', out_of_office: true, status_message: 'x' }]);
  await pbx.until('DND off', (text) => text.includes('101: DND off'));
  expect((await pbx.end()) === 0, pbx.text);
  expect(asked('$filter=mail in') > 0 && asked('$filter=proxyAddresses/any') > 0, 'not asked by filters');
  return `${asked('$filter=')} filters`;
});
await check('200 users by listing, with a bookmark for changes; one of them changes', async () => {
  const listed = asked('/users?$select');
  await act({ do: 'oddities', set: { max_page: 60 } });
  const pbx = host(judged, Array.from({ length: 200 }, (_, n) => `${n + 1}=user${n + 1}@contoso.test`));
  await pbx.until('200 callbacks', (text) => (text.match(/^\d+: chat /gm) ?? []).length >= 200);
  await act([{ do: 'presence', user: 'user200@contoso.test', availability: 'DoNotDisturb', activity: 'Presenting' }]);
  await pbx.until('DND on', (text) => text.includes('\n200: DND on'));
  expect((await pbx.end()) === 0, pbx.text);
  await act({ do: 'reset_oddities' });
  const pages = asked('/users?$select') - listed;
  expect(pages >= 4 && asked('$skiptoken=') > 0 && asked('/users/delta?$deltaToken=latest') > 0, `${pages} pages, or no bookmark`);
  return `${pages} pages`;
});
await check('the project\'s own directory tests with Prism between: filters, listing, changes by delta', async () => {
  const before = asked('$deltatoken=');
  const tests = ['everybody_is_told_apart_by_filters', 'everybody_is_told_apart_by_listing', 'changes_of_the_directory_act_within_ten_minutes', 'an_expired_bookmark_means_everything_anew'];
  const cargo = new Program('cargo', ['test', '--quiet', '--workspace', '--features', 'test-hooks', '--test', 'graph_directory', '--', '--test-threads=1', '--exact', ...tests], { name: 'cargo test', cwd: repository, env: { ...process.env, RUST_BACKTRACE: '0', TPS_GRAPH_VIA: proxied.front.url } });
  const code = await Promise.race([cargo.ended, pause(170_000)]);
  back.to(sim.http);
  expect(code === 0, cargo.text.slice(-3000));
  expect(cargo.text.includes(`${tests.length} passed`), cargo.text);
  expect(asked('$deltatoken=') > before, 'the tests did not go through Prism');
  return `${tests.length} tests`;
});
await check('both sides keep Microsoft\'s contract', async () => noObjections(proxied.front));

await simulator.end();
