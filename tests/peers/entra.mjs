// Entra is oidc-provider. Graph is Prism's mock where there is a document of it, else a server that knows the same answers and judges nothing.
import { writeFileSync } from 'node:fs';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { makeFront, makePlain } from './front.mjs';
import { host } from './host.mjs';
import { ANN, DOMAIN, GRAPH, TENANT, answers, judgeable, makeLab, openapi, withExamples } from './lab.mjs';
import { noObjections, prism } from './prism.mjs';
import { Program, check, expect, freePort, pause, until } from './programs.mjs';

const SIGNED_IN = /event 102:/;
const REFUSED = /event 103: (.*)/;

const lab = makeLab(await freePort());
const entra = new Program(process.execPath, ['server.mjs', 'lab.json'], { name: 'oidc-provider' });
await entra.until('ready', (text) => text.includes('"ready":true'));
const tokens = () => entra.text.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line)).filter((line) => !line.ready);

// Only tokens that oidc-provider signed for Graph and this tenant pass. `revoked` plays a Graph that wants a new one.
const keys = createRemoteJWKSet(new URL(`${lab.login}/${TENANT}/discovery/v2.0/keys`));
const bearers = [];
const revoked = new Set();
async function admit(authorization = '') {
  try {
    const token = authorization.replace(/^Bearer /, '');
    const { payload } = await jwtVerify(token, keys, { audience: GRAPH, algorithms: ['RS256'], requiredClaims: ['tid', 'appid', 'exp'] });
    if (payload.tid !== TENANT || revoked.has(payload.jti)) return false;
    bearers.push(payload);
    return true;
  } catch {
    return false;
  }
}
let graphPort = null;
const graph = await makeFront(() => graphPort, { admit });
if (openapi) {
  writeFileSync('graph-examples.json', JSON.stringify(withExamples(judgeable(openapi), graph.url)));
  graphPort = await prism('mock', 'graph-examples.json');
} else {
  graphPort = await makePlain(answers(graph.url));
}

const scope = `${GRAPH}/.default`;
const config = (client_id, auth, tenant_id = TENANT) => ({ tenant_id, client_id, auth: { scope, ...auth }, endpoints: { login: lab.login, graph: graph.url } });
const bySecret = ({ client_id, secret }, tenant) => config(client_id, { method: 'client_secret', secret }, tenant);
const byCertificate = ({ certificate, key }) => config(lab.signsIn.certificate, { method: 'certificate', certificate, key });
const byPassword = ({ username, password, ...more }, client_id = lab.signsIn.public) => config(client_id, { method: 'password', username, password, ...more });

/** Signs in, finds Ann, and is told what Presenting means. */
async function wholePath(settings, between = async () => {}) {
  const before = bearers.length;
  const pbx = host(settings, [`101=${ANN}`]);
  await pbx.until('sign-in, match, DND on and chat', (text) => SIGNED_IN.test(text) && text.includes('101: DND on') && text.includes('101: chat do not disturb'));
  const used = bearers[before];
  await between(pbx);
  expect((await pbx.end()) === 0, `the host ended with ${pbx.code}`);
  return `token for ${used.appid.slice(-3)} with ${(used.roles ?? used.scp.split(' ')).join(', ')}, 101: DND on`;
}

await check('client secret: token, Ann found, callback', () => wholePath(bySecret(lab.secrets[0])));
await check('client secret, tenant by its domain', () => wholePath(bySecret(lab.secrets[0], DOMAIN)));
await check('certificate (PS256): token, Ann found, callback; each sign-in with a new jti', async () => {
  const note = await wholePath(byCertificate(lab.known), async () => {
    const count = bearers.length;
    revoked.add(bearers.at(-1).jti);
    await until('a renewal after Graph refused the token', () => bearers.length > count);
  });
  await wholePath(byCertificate(lab.known));
  const asked = tokens().filter((line) => line.client_id === lab.signsIn.certificate);
  expect(asked.length === 3 && asked.every((line) => line.ok && line.alg === 'PS256'), JSON.stringify(asked));
  expect(new Set(asked.map((line) => line.jti)).size === 3, 'an assertion was used twice');
  return `${note}; 3 assertions`;
});
await check('password, public app: token, Ann found, callback', () => wholePath(byPassword(lab.accounts[0])));
await check('password, app with a secret', () => wholePath(byPassword({ ...lab.accounts[0], secret: lab.secrets[0].secret }, lab.signsIn.confidential)));

// ---- A person signs in by a code -------------------------------------------------------------------------------------------------------

const byCode = config(lab.signsIn.device, { method: 'device_code' });
const CODE = /event 101: [^\n]*open (\S+) and enter the code (\S+?)\.(?:\s|$)/g;
const codes = (pbx) => [...pbx.text.matchAll(CODE)].map(([, page, code]) => ({ page, code }));
/** The person types the code and signs in; without an account he declines. */
async function types(code, account) {
  const query = new URLSearchParams({ user_code: code, ...(account ? { account } : {}) });
  const answer = await fetch(`${lab.login}/lab/device?${query}`);
  expect(answer.ok, `typing the code: ${await answer.text()}`);
}
const deviceRequests = () => tokens().filter((line) => line.client_id === lab.signsIn.device);

await check('device code: pending, approved, Ann found; refresh tokens rotate; a reused one ends the sign-in, and a person is asked again', async () => {
  const pbx = host(byCode, [`101=${ANN}`]);
  await pbx.until('a code', () => codes(pbx).length === 1);
  const [{ page, code }] = codes(pbx);
  expect(page === `${lab.login}/${TENANT}/device`, page);
  await until('an answer that nobody has signed in yet', () => deviceRequests().some((line) => line.error === 'authorization_pending'), 20_000);
  await types(code, lab.accounts[0].username);
  await pbx.until('sign-in, match, DND on', (text) => SIGNED_IN.test(text) && text.includes('101: DND on'), 20_000);
  const renewals = (ok) => deviceRequests().filter((line) => line.grant === 'refresh_token' && line.ok === ok);
  // First because Graph wants a new token, then by age: the second renewal lives on what the first one brought.
  revoked.add(bearers.at(-1).jti);
  await until('two renewals', () => renewals(true).length >= 2, 90_000);
  const used = renewals(true).map((line) => line.refresh_token);
  expect(new Set(used).size === used.length, 'a refresh token was used twice');
  // A thief uses an old one: by the rules of rotation that ends the sign-in for everybody.
  const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: lab.signsIn.device, refresh_token: used[0] });
  const thief = await fetch(`${lab.login}/${TENANT}/oauth2/v2.0/token`, { method: 'POST', body: form });
  expect(thief.status === 400 && (await thief.json()).error === 'invalid_grant', 'the old refresh token still works');
  await pbx.until('another code', () => codes(pbx).length === 2, 90_000);
  expect(renewals(false).length === 2, 'the dead refresh token was sent again');
  await types(codes(pbx)[1].code, lab.accounts[1].username);
  await pbx.until('the second sign-in', (text) => text.match(/event 102:/g).length === 2, 20_000);
  expect((await pbx.end()) === 0, pbx.text);
  return `${used.length} renewals, each with another refresh token; two persons`;
});
await check('device code declined: told, nothing more is asked', async () => {
  const pbx = host(byCode, [`101=${ANN}`]);
  await pbx.until('a code', () => codes(pbx).length === 1);
  await types(codes(pbx)[0].code);
  await pbx.until('the end', (text) => /event 120: [^\n]*declined/.test(text), 20_000);
  const asked = tokens().length;
  await pause(6_000);
  expect(tokens().length === asked && codes(pbx).length === 1 && !SIGNED_IN.test(pbx.text), pbx.text);
  await pbx.end();
});
await check('device code for an app that may not: refused, told', () => isRefused(config(lab.signsIn.public, { method: 'device_code' }), 'invalid_request', 0));

/** Is refused, says so once, and does not try again at once. */
async function isRefused(settings, word, requests = 1) {
  const before = tokens().length;
  const pbx = host(settings, [`101=${ANN}`]);
  await pbx.until('CREDENTIAL_REFUSED', (text) => REFUSED.test(text));
  await pause(1_500);
  await pbx.end();
  const asked = tokens().slice(before);
  expect(asked.length === requests && asked.every((line) => !line.ok), `token requests: ${JSON.stringify(asked)}`);
  const said = pbx.text.match(REFUSED)[1];
  expect(said.includes(word), `said: ${said}`);
  expect(!SIGNED_IN.test(pbx.text) && !pbx.text.includes('101: DND'), pbx.text);
  return said;
}

const wrong = 'wrong-0123456789';
await check('wrong secret', () => isRefused(bySecret({ ...lab.secrets[0], secret: wrong }), 'invalid_client'));
await check('unknown app', () => isRefused(bySecret({ client_id: TENANT, secret: wrong }), 'invalid_client'));
await check('wrong password', () => isRefused(byPassword({ ...lab.accounts[0], password: wrong }), 'invalid_grant'));
await check('a key that the app does not know', () => isRefused(byCertificate(lab.stranger), 'invalid_client'));
await check('a resource that the tenant does not know', () => isRefused({ ...bySecret(lab.secrets[0]), auth: { method: 'client_secret', secret: lab.secrets[0].secret, scope: 'https://other.example/.default' } }, 'invalid_target'));
await check('unknown tenant', () => isRefused(bySecret(lab.secrets[0], 'fabrikam.example'), 'invalid_request'));

/** Signs in with each of `all`, some at a time. */
async function each(all, settings) {
  const rest = [...all];
  const failures = [];
  const worker = async () => {
    for (let one = rest.shift(); one !== undefined; one = rest.shift()) {
      const pbx = host(settings(one), [`101=${ANN}`]);
      await pbx.until('an answer', (text) => SIGNED_IN.test(text) || REFUSED.test(text)).catch((error) => failures.push(error.message));
      if (!SIGNED_IN.test(pbx.text)) failures.push(JSON.stringify(one));
      await pbx.end();
    }
  };
  await Promise.all([1, 2, 3].map(worker));
  expect(failures.length === 0, `${failures.length} of ${all.length} not accepted:\n${failures.slice(0, 5).join('\n')}`);
  return `${all.length} accepted`;
}
await check('each awkward character in a secret', () => each(lab.secrets, bySecret));
await check('each awkward character in a password, from a file', () => each(lab.accounts.map((account, n) => ({ ...account, n })), ({ username, password, n }) => {
  writeFileSync(`password-${n}`, password);
  return byPassword({ username, password: { file: `password-${n}` } });
}));
if (openapi) await check('what the client sent to Graph is what Microsoft describes', async () => noObjections(graph));

await entra.end();
