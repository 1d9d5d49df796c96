// The tenant that oidc-provider serves: apps, accounts, a certificate. And Graph's document with answers about its person.
import { spawnSync } from 'node:child_process';
import { X509Certificate, createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import yaml from 'yaml';

/** What run.mjs was started with. `openapi`: a path, or undefined. */
export const [repository, openapi] = process.argv.slice(2);

export const GRAPH = 'https://graph.microsoft.com';
export const TENANT = '5d1c2d5e-3a0b-4b7e-9d0f-2f6c1f1b7a11';
export const DOMAIN = 'contoso.example';
const PERSON = { id: '0f1e2d3c-4b5a-4697-8877-665544332211', mail: `ann@${DOMAIN}` };
export const ANN = PERSON.mail;

/** Every one of these was once forgotten by somebody who wrote a form. */
const ASCII = [...'[]<>?#&%+ "\'\\:;=/@!$^`{}|~,*()._-'];
const BEYOND = [...'äßéü€Ж漢😀'];

const id = (n) => `3f2504e0-4f89-41d3-9a0c-${String(n).padStart(12, '0')}`;
const common = { redirect_uris: [], response_types: [] };
const app = (n, more) => ({ client_id: id(n), ...common, grant_types: ['client_credentials'], token_endpoint_auth_method: 'client_secret_post', ...more });

function makeCertificate(name) {
  const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.pem`], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`openssl: ${made.error ?? made.stderr}`);
  const certificate = new X509Certificate(readFileSync(`${name}.pem`));
  const jwk = { ...certificate.publicKey.export({ format: 'jwk' }), use: 'sig', alg: 'PS256' };
  return { jwk, thumbprint: createHash('sha256').update(certificate.raw).digest('base64url'), certificate: { file: `${name}.pem` }, key: { file: `${name}.key` } };
}

/** Writes lab.json for the server. What the client is to sign in with comes back. */
export function makeLab(port) {
  const known = makeCertificate('known');
  const stranger = makeCertificate('stranger');
  const secrets = [`all-${ASCII.join('')}.`, ...ASCII.map((c) => `a${c}b-0123456789`)];
  const passwords = [`all-${ASCII.join('')}${BEYOND.join('')}.`, ...[...ASCII, ...BEYOND].map((c) => `a${c}b-0123456789`)];
  const signsIn = { public: id(901), confidential: id(902), certificate: id(900), device: id(903) };
  const clients = [
    ...secrets.map((client_secret, n) => app(n + 1, { client_secret })),
    app(900, { token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'PS256', jwks: { keys: [known.jwk] } }),
    app(901, { grant_types: ['password'], token_endpoint_auth_method: 'none' }),
    app(902, { grant_types: ['password'], client_secret: secrets[0] }),
    app(903, { grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'], token_endpoint_auth_method: 'none' }),
  ];
  const accounts = Object.fromEntries(passwords.map((password, n) => [`svc${n}@${DOMAIN}`, password]));
  const lab = { port, codeLife: 60, deviceClient: signsIn.device, tenants: [TENANT, DOMAIN], clients, accounts, thumbprints: { [signsIn.certificate]: known.thumbprint } };
  writeFileSync('lab.json', JSON.stringify(lab));
  return {
    login: `http://127.0.0.1:${port}`, signsIn, known, stranger,
    secrets: secrets.map((secret, n) => ({ client_id: id(n + 1), secret })),
    accounts: Object.entries(accounts).map(([username, password]) => ({ username, password })),
  };
}

/**
 * Graph's document in a form that Prism judges by. Prism drops, without a word, the check of every body whose schema it cannot compile, and it makes
 * `enum: [null, null]`, which is none, of what OpenAPI 3.0 writes as `nullable: true, enum: [null]`. The same is said here in another way.
 */
export function judgeable(openapi) {
  const walk = (node) => {
    if (node === null || typeof node !== 'object') return;
    if (node.nullable === true && Array.isArray(node.enum)) {
      const rest = node.enum.filter((value) => value !== null);
      if (rest.length > 0) node.enum = rest;
      else { delete node.nullable; delete node.type; }
    }
    Object.values(node).forEach(walk);
  };
  const document = yaml.parse(readFileSync(openapi, 'utf8'));
  walk(document);
  return document;
}

/** Graph's answers about Ann. `origin` is where links lead. */
export function answers(origin) {
  const user = { ...PERSON, userPrincipalName: PERSON.mail, proxyAddresses: [`SMTP:${PERSON.mail}`], accountEnabled: true, userType: 'Member' };
  const presence = { id: PERSON.id, availability: 'DoNotDisturb', activity: 'Presenting', outOfOfficeSettings: { isOutOfOffice: false, message: null } };
  return [
    { path: '/users', method: 'get', body: { '@odata.context': `${origin}/v1.0/$metadata#users`, value: [user] } },
    { path: '/users/delta', method: 'get', body: { value: [], '@odata.deltaLink': `${origin}/v1.0/users/delta?$deltatoken=later` } },
    { path: '/communications/getPresencesByUserId', method: 'post', body: { value: [presence] } },
  ];
}

/** Adds them to the document as examples for `prism mock`. */
export function withExamples(document, origin) {
  for (const { path, method, body } of answers(origin)) {
    const operation = document.paths[path][method];
    const { $ref, content } = operation.responses['2XX'];
    const { schema } = (content ?? document.components.responses[$ref.split('/').pop()].content)['application/json'];
    operation.responses['2XX'] = { description: 'An example', content: { 'application/json': { schema, example: body } } };
  }
  return document;
}
