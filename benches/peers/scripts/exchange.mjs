// On-Behalf-Of with MSAL for Node, cached in memory: one app for all users, as its documentation shows it.
import { readFileSync } from 'node:fs';
import { ConfidentialClientApplication } from '@azure/msal-node';
import { scope } from './entra.mjs';
import { fill } from './fill.mjs';
import { clientId, clientSecret, emulatorHttps, tenantId } from './settings.mjs';

const authority = new URL(tenantId, emulatorHttps).href;
let main;

// Makes the app, and has in its cache what the tokens in a file, one a line, are exchanged for.
export async function prepare(file) {
  const another = await maker();
  main = another();
  const tokens = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  await fill(main, another, tokens.map((token) => () => request(token)));
}

// How to make apps that are alike, and need not ask for the authority's addresses again.
async function maker() {
  const document = await fetch(`${authority}/v2.0/.well-known/openid-configuration`);
  const authorityMetadata = await document.text();
  // Host and port: without the port, discovery of the endpoints fails.
  const auth = { clientId, clientSecret, authority, knownAuthorities: [emulatorHttps.host], authorityMetadata };
  return () => new ConfidentialClientApplication({ auth });
}

function request(oboAssertion) {
  return { oboAssertion, scopes: [scope] };
}

export async function exchange(assertion) {
  const answer = await main.acquireTokenOnBehalfOf(request(assertion));
  return answer.accessToken;
}
