// A provider for the tests: npm's `oidc-provider` as published, with pages that a script can answer.
// Takes on standard input one JSON line: { clients, acr }. Prints the address it listens at.
import http from 'node:http';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { Provider } from 'oidc-provider';

const key = (type, options, alg) => ({
  ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }),
  alg,
  use: 'sig',
  kid: randomUUID(),
});
const keys = () => [
  key('rsa', { modulusLength: 2048 }, 'RS256'),
  key('rsa', { modulusLength: 2048 }, 'PS256'),
  key('ec', { namedCurve: 'P-256' }, 'ES256'),
  key('ed25519', {}, 'EdDSA'),
];

let settings;
let issuer;
let provider;
let handle;

function build() {
  provider = new Provider(issuer, {
    clients: settings.clients,
    jwks: { keys: keys() },
    acrValues: settings.acr,
    claims: { acr: null, auth_time: null, sid: null, iss: null, openid: ['sub'] },
    cookies: { keys: ['a key of a test'] },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'], clientAuthSigningAlgValues: ['EdDSA'] },
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    pkce: { required: () => true },
  });
  handle = provider.callback();
}

// The person's answer is in the query: `account` and `acr`, or `no`. Without any, a page asks for it.
async function interaction(request, response) {
  const { params, session, grantId } = await provider.interactionDetails(request, response);
  const answer = new URL(request.url, issuer).searchParams;
  if (answer.has('no')) {
    return provider.interactionFinished(request, response, { error: 'access_denied' }, { mergeWithLastSubmission: false });
  }
  const accountId = answer.get('account') ?? session?.accountId;
  if (!accountId) {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    return response.end('<!doctype html><html lang=en><title>Who are you?</title><form><input name=account aria-label=Account>'
      + '<button>Continue</button></form><form><button name=no value=1>No</button></form>');
  }
  const grant = (grantId && await provider.Grant.find(grantId)) ?? new provider.Grant({ accountId, clientId: params.client_id });
  grant.addOIDCScope('openid');
  const result = { consent: { grantId: await grant.save() } };
  if (answer.has('account')) {
    result.login = { accountId, acr: answer.get('acr') ?? undefined };
  }
  return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
}

const server = http.createServer((request, response) => {
  if (request.url === '/rotate') {
    build();
    return response.end();
  }
  if (request.url.startsWith('/interaction/')) {
    return interaction(request, response).catch((error) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  }
  return handle(request, response);
});

createInterface({ input: process.stdin }).once('line', (line) => {
  settings = JSON.parse(line);
  server.listen(0, '127.0.0.1', () => {
    issuer = `http://127.0.0.1:${server.address().port}`;
    build();
    console.log(issuer);
  });
}).on('close', () => process.exit());
