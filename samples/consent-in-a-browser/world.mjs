// The two ways in which the server is tried: over https as in production, and over http on loopback.

import { front, listener, tunnel, website } from './network.mjs';
import { startEmulator, startServer } from './programs.mjs';

const PUBLIC = 'https://mcp.contoso.com';
const WEB_CLIENT = 'https://app.contoso.com/callback';
const REDIRECTS = `loopback,chatgpt,${WEB_CLIENT}`;

// Everything that stands around the servers, and both of them.
export async function build() {
    const emulator = await startEmulator([`${PUBLIC}/oauth/callback`]);
    const around = {
        emulator,
        client: await listener(),
        webClient: await listener({ tls: true }),
        stranger: await website(),
    };
    const settings = {
        GRAPH_TENANT_ID: emulator.tenant,
        GRAPH_CLIENT_ID: emulator.app,
        GRAPH_CLIENT_SECRET: emulator.secret,
        MCP_OAUTH_REDIRECT_URI_PREFIXES: REDIRECTS,
        MCP_OAUTH_CONSENT: 'remember',
        // A host that no name server knows (RFC 6761 section 6.4): its documents cannot be had.
        MCP_OAUTH_CLIENT_DOCUMENT_HOSTS: 'clients.invalid',
        TRUSTED_PROXIES: '127.0.0.1',
    };
    const [production, local] = [await inProduction(emulator, settings), await onLoopback(emulator, settings)];
    const shared = {
        ...around,
        redirect: `http://127.0.0.1:${around.client.port}/callback`,
        webRedirect: WEB_CLIENT,
    };
    const names = {
        'mcp.contoso.com': production.front.port,
        'app.contoso.com': around.webClient.port,
        'stranger.example': around.stranger.port,
        'login.microsoftonline.com': new URL(emulator.https).port,
    };
    return { names, production: { ...shared, ...production }, local: { ...shared, ...local } };
}

// The public cloud's own names, which lead to the emulator: what people read is what they will read.
async function inProduction(emulator, settings) {
    const world = { name: 'https', base: PUBLIC, entra: 'https://login.microsoftonline.com', log: 'server-https' };
    world.front = await front(() => world.inside, { tls: true });
    world.inside = await startServer(world.log, {
        ...settings,
        PUBLIC_BASE_URL: PUBLIC,
        MCP_SEALING_KEYS: process.env.RING,
        HTTPS_PROXY: `http://127.0.0.1:${await tunnel(emulator.https)}`,
        SSL_CERT_FILE: emulator.ca,
    });
    return world;
}

async function onLoopback(emulator, settings) {
    const world = { name: 'http', entra: emulator.http, log: 'server-http' };
    world.front = await front(() => world.inside, { tls: false });
    world.base = `http://127.0.0.1:${world.front.port}`;
    world.inside = await startServer(world.log, {
        ...settings,
        PUBLIC_BASE_URL: world.base,
        AZURE_AUTHORITY_HOST: emulator.http,
        GRAPH_BASE_URL: `${emulator.http}/v1.0`,
    });
    return world;
}
