// oidc-provider behind the paths of Microsoft Entra's v2.0 endpoints.
//
//   node server.mjs LAB.json
//
// LAB: { port, tenants: [id, domain], clients: [oidc-provider client metadata], thumbprints: {client_id: x5t#S256}, accounts: {name: password} }.
// Prints {"ready":true}, then one line of JSON for each token request. Ends when standard input does.
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { exportJWK, generateKeyPair } from 'jose';
import Provider, { errors } from 'oidc-provider';

const GRAPH = 'https://graph.microsoft.com';
/** Microsoft recommends 5 to 10 minutes and refuses assertions that live long. */
const LONGEST_ASSERTION_S = 600;
const lab = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const [tenant] = lab.tenants;
const base = `http://127.0.0.1:${lab.port}`;
const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const { privateKey } = await generateKeyPair('RS256', { extractable: true });
const key = { ...(await exportJWK(privateKey)), kid: 'lab', use: 'sig', alg: 'RS256' };

const resourceServer = { scope: `${GRAPH}/.default`, audience: GRAPH, accessTokenTTL: 3599, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } };

/** Entra's v2.0 scope carries the resource: <resource>/.default, beside words such as offline_access. */
function resourceOf(scope) {
  const word = String(scope ?? '').split(' ').find((one) => one.endsWith('/.default'));
  return (word ?? String(scope ?? '')).replace(/\/\.default$/, '');
}

function graphOnly(resource) {
  if (resource !== GRAPH) throw new errors.InvalidTarget(`the resource ${resource} is unknown in this tenant`);
  return resourceServer;
}

function assertion(ctx, claims, header, client) {
  const refuse = (why) => { throw new errors.InvalidClientAuth(why); };
  if (header.typ !== 'JWT') refuse('typ must be JWT');
  if (header['x5t#S256'] !== lab.thumbprints[client.clientId]) refuse('x5t#S256 names another certificate');
  if (claims.sub !== claims.iss) refuse('sub must be the client_id');
  const now = Date.now() / 1000;
  if (!(claims.nbf <= now + 1 && claims.exp > now)) refuse('not yet, or no longer valid');
  if (claims.exp - claims.nbf > LONGEST_ASSERTION_S) refuse('lives too long');
  ctx.state.assertion = { alg: header.alg, jti: claims.jti };
}

const provider = new Provider(`${base}/${tenant}`, {
  jwks: { keys: [key] },
  clients: lab.clients,
  // What Entra answers to, under its names.
  routes: { token: '/oauth2/v2.0/token', jwks: '/discovery/v2.0/keys', device_authorization: '/oauth2/v2.0/devicecode', code_verification: '/device' },
  scopes: ['openid', 'offline_access', `${GRAPH}/.default`],
  // Each use of a refresh token gives a new one; a second use of the old one ends the whole sign-in.
  rotateRefreshToken: true,
  ttl: { DeviceCode: () => lab.codeLife },
  responseTypes: ['none'],
  clientAuthMethods: ['client_secret_post', 'private_key_jwt', 'none'],
  enabledJWA: { clientAuthSigningAlgValues: ['PS256'] },
  clockTolerance: 0,
  assertJwtClientAuthClaimsAndHeader: assertion,
  findAccount: (_, id) => (Object.hasOwn(lab.accounts, id) ? { accountId: id, claims: () => ({ sub: id }) } : undefined),
  extraTokenClaims: (_, token) => ({
    tid: tenant,
    appid: token.clientId,
    ver: '1.0',
    ...(token.accountId
      ? { upn: token.accountId, scp: 'Presence.Read.All User.Read.All' }
      : { roles: ['Presence.Read.All', 'User.Read.All'], idtyp: 'app' }),
  }),
  features: {
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: (ctx) => resourceOf(ctx.oidc.params.scope),
      // Tokens of the device flow are short, so that a lane sees them renewed by age.
      getResourceServerInfo: (_, resource, client) => ({ ...graphOnly(resource), ...(client.clientId === lab.deviceClient ? { accessTokenTTL: 75 } : {}) }),
      useGrantedResource: () => true,
    },
  },
});

// Resource owner password: no longer among the library's own grants, hence by its extension point.
provider.registerGrantType('password', async (ctx) => {
  const { username, password, scope } = ctx.oidc.params;
  const resource = resourceOf(scope);
  graphOnly(resource);
  if (!Object.hasOwn(lab.accounts, username ?? '') || lab.accounts[username] !== password) {
    throw new errors.InvalidGrant('invalid username or password');
  }
  const token = new provider.AccessToken({ accountId: username, client: ctx.oidc.client, gty: 'password', scope });
  token.resourceServer = new provider.ResourceServer(resource, resourceServer);
  ctx.body = { access_token: await token.save(), expires_in: token.expiration, token_type: token.tokenType, scope };
}, ['username', 'password', 'scope']);

/** A person opens the page, types the code, and signs in or declines: what the library's own pages do, without a browser. */
async function person(userCode, account) {
  const code = await provider.DeviceCode.findByUserCode(String(userCode).replace(/-/g, ''));
  if (code === undefined || code.accountId !== undefined || code.error !== undefined) throw new Error('no such code waits');
  if (account === null) {
    Object.assign(code, { error: 'access_denied', errorDescription: 'the person declined' });
  } else {
    const grant = new provider.Grant({ accountId: account, clientId: code.clientId });
    grant.addOIDCScope('openid offline_access');
    grant.addResourceScope(GRAPH, `${GRAPH}/.default`);
    const { scope } = code.params;
    Object.assign(code, { accountId: account, grantId: await grant.save(), scope, resource: GRAPH, authTime: Math.floor(Date.now() / 1000) });
  }
  await code.save();
}

const request = (ctx) => ({ client_id: ctx.oidc.params?.client_id, grant: ctx.oidc.params?.grant_type, refresh_token: ctx.oidc.params?.refresh_token, ...ctx.state.assertion });
provider.on('grant.success', (ctx) => tell({ ...request(ctx), ok: true }));
provider.on('grant.error', (ctx, error) => tell({ ...request(ctx), ok: false, error: error.error, why: error.error_detail ?? error.error_description }));
provider.on('server_error', (ctx, error) => tell({ ...request(ctx), ok: false, error: 'server_error', why: String(error.stack) }));

const answer = provider.callback();
createServer((req, res) => {
  const [, asked, ...rest] = req.url.split('/');
  if (asked === 'lab') {
    const query = new URL(req.url, base).searchParams;
    person(query.get('user_code'), query.get('account')).then(() => res.end('done'), (error) => { res.writeHead(400); res.end(error.message); });
    return;
  }
  if (!lab.tenants.includes(asked)) {
    tell({ ok: false, error: 'invalid_request', tenant: asked });
    res.writeHead(400, { 'content-type': 'application/json' });
    res.end(JSON.stringify({ error: 'invalid_request', error_description: `AADSTS90002: Tenant '${asked}' not found.`, error_codes: [90002] }));
    return;
  }
  // By whichever name the tenant was called, it is one.
  req.originalUrl = `/${tenant}/${rest.join('/')}`;
  req.url = `/${rest.join('/')}`.replace('/v2.0/.well-known/', '/.well-known/');
  answer(req, res);
}).listen(lab.port, '127.0.0.1', () => tell({ ready: true }));
process.stdin.on('end', () => process.exit(0)).resume();
