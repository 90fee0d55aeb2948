// MSAL for Node as the middle tier, as in python_msal.py. NODE_EXTRA_CA_CERTS brings the emulator's CA.
import { ConfidentialClientApplication, InteractionRequiredAuthError } from '@azure/msal-node';
import { observe } from './observe.mjs';
import { api, emulatorHttps, tenantId, token } from './scene.mjs';

const name = 'msal for Node';

// Host and port: without the port, discovery of the endpoints fails.
const auth = { ...api, authority: new URL(tenantId, emulatorHttps).href, knownAuthorities: [emulatorHttps.host] };
const app = new ConfidentialClientApplication({ auth });

async function exchange(user) {
  const request = { oboAssertion: token(user), scopes: ['https://graph.microsoft.com/.default'] };
  try {
    const answer = await app.acquireTokenOnBehalfOf(request);
    return { granted: Boolean(answer.accessToken), token_type: answer.tokenType, scope: answer.scopes.join(' ') };
  } catch (error) {
    if (!(error instanceof InteractionRequiredAuthError)) throw error;
    const { errorCode, subError, claims } = error;
    return { granted: false, raised: error.name, error: errorCode, suberror: subError, claims };
  }
}

for (const user of ['alice', 'mfa', 'mfa2']) {
  observe(name, `exchange, ${user}`, await exchange(user));
}
