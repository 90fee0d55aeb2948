// The MCP SDK for TypeScript, signing in: from nothing but the server's address, through a challenge for MFA, over refreshes.
// The SDK is as it comes; what is here is what every application brings: memory, a listener on loopback, a browser to open.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { observe } from './observe.mjs';
import { keepSecret, mcpUrl, visits } from './scene.mjs';

const [era, scene, name] = process.argv.slice(2);
// Pinned, so that the modern run cannot pass by falling back.
const mode = { legacy: 'legacy', modern: { pin: '2026-07-28' } }[era];

/** Fulfilled when the browser is closed. */
let browser;

/** Waits on loopback for the browser to come back (RFC 8252 section 7.3). */
async function listen() {
  const came = [];
  const server = createServer((request, response) => {
    response.setHeader('Connection', 'close').end('Done');
    const query = new URL(request.url, 'http://localhost').searchParams;
    came.push(query);
    server.emit('came');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const answer = async () => {
    if (!came.length) await once(server, 'came');
    // So that it has written down what happened.
    await browser;
    return came.shift();
  };
  return { answer, close: () => server.close(), uri: `http://127.0.0.1:${server.address().port}/callback` };
}

/** Implements the SDK's `OAuthClientProvider`, for as long as this process lives. */
function provider(uri) {
  const kept = {};
  const memory = (member) => ({ read: () => kept[member], write: (value) => void (kept[member] = value) });
  const [client, tokens, discovery] = ['client', 'tokens', 'discovery'].map(memory);
  return {
    redirectUrl: uri,
    clientMetadata: { client_name: 'Interop', redirect_uris: [uri], token_endpoint_auth_method: 'none' },
    state: () => randomUUID(),
    clientInformation: client.read,
    saveClientInformation: client.write,
    tokens: tokens.read,
    saveTokens: tokens.write,
    discoveryState: discovery.read,
    saveDiscoveryState: discovery.write,
    codeVerifier: () => kept.verifier,
    saveCodeVerifier: (verifier) => {
      kept.verifier = verifier;
      keepSecret(verifier);
    },
    redirectToAuthorization: (url) => void (browser = once(spawn(process.env.BROWSER, [url.href], { stdio: 'inherit' }), 'exit')),
  };
}

/** Notes what the SDK asks of the server: token requests by grant, and refusals of the resource. */
function noting() {
  const noted = { grants: [], refusals: [] };
  noted.fetch = async (...request) => {
    const response = await fetch(...request);
    const { pathname } = new URL(request[0]);
    if (pathname === '/token') {
      noted.grants.push(new URLSearchParams(String(request[1].body)).get('grant_type'));
      const tokens = await response.clone().json();
      keepSecret(tokens.access_token, tokens.refresh_token);
    } else if (pathname === '/mcp' && [401, 403].includes(response.status)) noted.refusals.push(response.status);
    return response;
  };
  return noted;
}

const listener = await listen();
const authProvider = provider(listener.uri);
const noted = noting();
const seen = () => ({ grants: noted.grants, refusals: noted.refusals });
const transport = () => new StreamableHTTPClientTransport(mcpUrl, { authProvider, fetch: noted.fetch });

/** Does something with a transport; when that takes a sign-in, finishes it and does the same once more. */
async function signingIn(through, action) {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    await through().finishAuth(await listener.answer());
    return action();
  }
}

async function connect() {
  let through;
  return signingIn(
    () => through,
    async () => {
      through = transport();
      const client = new Client({ name: 'interop', version: '1.0.0' }, { versionNegotiation: { mode } });
      await client.connect(through);
      return { client, through };
    },
  );
}

const { client, through } = await connect();

async function call(step) {
  const ask = () => client.callTool({ name: 'getMessages', arguments: { top: 2 } });
  const result = await signingIn(() => through, ask);
  observe(name, step, { isError: result.isError ?? false, structured: result.structuredContent });
}

const scenes = {
  // The address alone is enough.
  async alone() {
    await call('from the URL alone');
    observe(name, 'in the browser', { visits: visits(), ...seen() });
  },
  // One call; whatever it takes is between the SDK, the server and the browser. Then another, which takes nothing.
  async mfa() {
    await call('call behind MFA');
    observe(name, 'step-up', { visits: visits(), ...seen() });
    await call('call again');
    observe(name, 'needs nothing', { visits: visits().length, ...seen() });
  },
  // This SDK refreshes when it is refused, as it is at once: an expired token is not exchanged.
  async refresh() {
    await call('call');
    for (const number of ['first', 'second']) {
      await sleep((Number(process.env.TOKEN_LIFE) + 1) * 1000);
      await call(`call, ${number} refresh`);
    }
    observe(name, 'grants', { visits: visits().length, ...seen() });
  },
};

await scenes[scene]();
await client.close();
listener.close();
