// An OpenID Connect provider to be tested against: npm's oidc-provider, with a login page of one field and no consent page.
//
//     node oidc_provider.mjs '{"clients": [{"client_id", "client_secret", "redirect_uris"}],
//                              "people": [{"login", "sub", "email", "email_verified", "name"}]}'
//
// It listens on a free port of 127.0.0.1 and says so in one line of JSON: {"issuer": …, "pid": …}. What else a client has is
// said in the names of dynamic registration ("id_token_signed_response_alg": "ES256", …). What is missing of a person is
// not claimed. Then it takes commands, one line of JSON each, answers each with a line once it is done, and ends with its
// standard input:
//
//     {"rotate": true}    new keys instead of all old ones    → {"kids": [of RS256, of ES256]}
//     {"people": […]}     others than before                  → {"people": their number}
//     {"clients": […]}    others than before                  → {"clients": their number}

import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

// Standard output is for what was promised above. Before the import, since that already talks.
console.info = console.error;
const { Provider, interactionPolicy } = await import('oidc-provider');
const { createMemoryAdapter } = await import('oidc-provider/lib/adapters/memory_adapter.js');

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
const escape = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

const settings = { clients: [], people: [], ...JSON.parse(process.argv[2]) };
// These outlive a change of keys or clients: who is logged in stays so, and what was begun can be finished.
const adapter = createMemoryAdapter();
const cookieKeys = [randomUUID()];
let issuer;
let keys;
let provider;
let answer;

function newKeys() {
  const jwk = (type, options, alg) => {
    const { privateKey } = generateKeyPairSync(type, options);
    return { ...privateKey.export({ format: 'jwk' }), kid: `${alg}-${randomUUID()}`, alg, use: 'sig' };
  };
  keys = [jwk('rsa', { modulusLength: 2048 }, 'RS256'), jwk('ec', { namedCurve: 'P-256' }, 'ES256')];
}

function findAccount(_ctx, sub) {
  const person = settings.people.find((one) => one.sub === sub);
  if (!person) return undefined;
  const { login, ...claims } = person;
  return { accountId: sub, claims: () => claims };
}

// Instead of a consent page: whoever logs in has consented.
async function loadExistingGrant({ oidc }) {
  const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
  grant.addOIDCScope('openid email profile');
  await grant.save();
  return grant;
}

// Keys and clients are read when a provider is made, so a change of them is another provider on the same issuer.
function makeProvider() {
  const policy = interactionPolicy.base();
  policy.remove('consent');
  // Else who is logged in and no longer one of the people gets an internal error instead of the login page.
  const gone = ({ oidc }) => Boolean(oidc.session.accountId) && !oidc.account;
  policy.get('login').checks.push(new interactionPolicy.Check('gone', 'The account is gone', 'login_required', gone));
  provider = new Provider(issuer, {
    adapter,
    // Else each would get all responses there are, of which a sign-in with a code needs one.
    clients: settings.clients.map((client) => ({ response_types: ['code'], grant_types: ['authorization_code'], ...client })),
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
    // E-mail and name are in the ID token, as those of Entra and Okta have it, and not only at the userinfo endpoint.
    conformIdTokenClaims: false,
    cookies: { keys: cookieKeys },
    features: { devInteractions: { enabled: false } },
    findAccount,
    interactions: { policy, url: (_ctx, { uid }) => `/login/${uid}` },
    jwks: { keys },
    loadExistingGrant,
    pkce: { required: () => true },
    // Said only because the library warns when they are not.
    ttl: { AccessToken: 3600, AuthorizationCode: 60, Grant: 86400, IdToken: 3600, Interaction: 3600, Session: 86400 },
  });
  provider.on('server_error', (_ctx, error) => console.error(error));
  answer = provider.callback();
}

function page(response, status, message) {
  response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' });
  response.end(`<!doctype html><html lang="en"><meta charset="utf-8"><title>OpenID provider</title>
<h1>OpenID provider</h1><p role="alert">${escape(message)}</p>
<form method="post"><label>Login <input name="login" autofocus required></label>
<button type="submit">Log in</button></form></html>`);
}

async function login(request, response) {
  // The path has whose turn it is, and the cookie that goes with it; without it the library throws.
  const { session } = await provider.interactionDetails(request, response);
  if (request.method !== 'POST') return page(response, 200, '');
  let body = '';
  for await (const chunk of request) body += chunk;
  const given = new URLSearchParams(body).get('login');
  const person = settings.people.find((one) => one.login === given);
  if (!person) return page(response, 422, `There is nobody called ${given}`);
  const result = { login: { accountId: person.sub } };
  const next = await provider.interactionResult(request, response, result, { mergeWithLastSubmission: false });
  if (session && session.accountId !== person.sub) {
    // Else the library puts a page of its own in between, to log out who was there before.
    const stored = await provider.Session.findByUid(session.uid);
    delete stored.accountId;
    await stored.persist();
  }
  return response.writeHead(303, { Location: next }).end();
}

const commands = {
  rotate() {
    newKeys();
    makeProvider();
    return { kids: keys.map(({ kid }) => kid) };
  },
  people(people) {
    settings.people = people;
    return { people: people.length };
  },
  clients(clients) {
    settings.clients = clients;
    makeProvider();
    return { clients: clients.length };
  },
};

const server = createServer((request, response) => {
  if (!request.url.startsWith('/login/')) return answer(request, response);
  return login(request, response).catch((error) => page(response, 400, `${error.message}: ${error.error_description}`));
});
server.listen(0, '127.0.0.1', () => {
  issuer = `http://localhost:${server.address().port}`;
  newKeys();
  makeProvider();
  say({ issuer, pid: process.pid });
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    try {
      for (const [name, value] of Object.entries(JSON.parse(line))) say(commands[name](value));
    } catch (error) {
      say({ error: error.message });
    }
  });
  lines.on('close', () => process.exit(0));
});
