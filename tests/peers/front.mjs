// The way between our client, Prism and our simulator: two reverse proxies of ours.
//
// Front: takes /v1.0/... off the path, because Prism's own paths begin below it, and keeps what Prism objects to.
// Back:  from Prism to the simulator of the moment, under the Host that the client used, so that next links lead to the front again.
import { createServer, request } from 'node:http';

const OBJECTION = 'https://stoplight.io/prism/errors#';
const UNAUTHORIZED = JSON.stringify({ error: { code: 'InvalidAuthenticationToken', message: 'This token is none of the tenant.' } });

const listen = (server) => new Promise((done) => server.listen(0, '127.0.0.1', () => done(server.address().port)));

/** Sends `req` to `path` (as text: a URL object would write some characters anew) and its answer back; `seen` is told the answer. */
function forward(req, res, port, path, headers, seen = () => {}) {
  let gone = false;
  const fail = (error) => {
    // A client that stops takes back what it has asked: nobody's fault.
    if (gone) return;
    seen(502, {}, `no answer: ${error.message}`);
    if (!res.headersSent) res.writeHead(502, { 'content-type': 'text/plain' });
    res.end(String(error));
  };
  // No connection is used twice: one that is just being closed would look like a failure.
  const on = request({ host: '127.0.0.1', port, path, method: req.method, headers: { ...headers, connection: 'close' }, agent: false, timeout: 30_000 }, (answer) => {
    const parts = [];
    answer.on('data', (part) => parts.push(part));
    answer.on('error', fail);
    answer.on('end', () => {
      const body = Buffer.concat(parts);
      seen(answer.statusCode, answer.headers, body.toString('utf8'));
      const out = { ...answer.headers, 'content-length': body.length };
      delete out['transfer-encoding'];
      delete out.connection;
      res.writeHead(answer.statusCode, out);
      res.end(body);
    });
  });
  on.on('timeout', () => on.destroy(new Error('timeout')));
  on.on('error', fail);
  res.on('close', () => {
    gone = !res.writableFinished;
    if (gone) on.destroy();
  });
  req.pipe(on);
}

async function text(req) {
  let all = '';
  for await (const part of req) all += part;
  return all;
}

/**
 * What the client takes for Graph. `admit(authorization)` says whether the bearer is good; `onUpstream(address)` is called when a test
 * names its simulator by POST /_upstream.
 */
export async function makeFront(prismPort, { admit = async () => true, onUpstream = () => {} } = {}) {
  const calls = [];
  const server = createServer(async (req, res) => {
    if (req.method === 'POST' && req.url === '/_upstream') {
      onUpstream(await text(req));
      res.writeHead(204).end();
      return;
    }
    const call = { method: req.method, url: req.url, status: 0, objection: null };
    calls.push(call);
    if (!req.url.startsWith('/v1.0/')) {
      Object.assign(call, { status: 404, objection: 'the path is not below /v1.0' });
      res.writeHead(404).end();
      req.resume();
      return;
    }
    if (!(await admit(req.headers.authorization))) {
      call.status = 401;
      req.resume();
      res.writeHead(401, { 'content-type': 'application/json' }).end(UNAUTHORIZED);
      return;
    }
    forward(req, res, prismPort(), req.url.slice('/v1.0'.length), req.headers, (status, headers, body) => {
      call.status = status;
      const warned = headers['sl-violations'];
      if (warned || status === 502 || body.includes(OBJECTION)) call.objection = `${body} ${warned ?? ''}`.trim();
    });
  });
  const port = await listen(server);
  return { url: `http://127.0.0.1:${port}`, calls, objections: () => calls.filter((call) => call.objection), close: () => server.closeAllConnections() };
}

/** A Graph that gives these answers and judges nothing. Its port. */
export function makePlain(answers) {
  const server = createServer((req, res) => {
    const path = req.url.split('?')[0];
    const answer = answers.find((one) => one.path === path && one.method === req.method.toLowerCase());
    req.resume();
    res.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(answer?.body ?? {}));
  });
  return listen(server);
}

/** What Prism takes for Graph: leads to the simulator that `to(address)` named last. */
export async function makeBack(host) {
  let port = null;
  const server = createServer((req, res) => {
    if (port === null) {
      res.writeHead(503).end();
      req.resume();
      return;
    }
    forward(req, res, port, req.url, { ...req.headers, host: host() });
  });
  return { port: await listen(server), to: (address) => { port = Number(new URL(address).port); } };
}
