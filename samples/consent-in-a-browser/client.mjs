// An MCP client, as far as the front door sees one (RFC 7591, RFC 6749 section 4.1, RFC 7636).

import { createHash, randomBytes } from 'node:crypto';

import { somebody } from './network.mjs';

const random = () => randomBytes(32).toString('base64url');

function post(world, path, headers, body) {
    return fetch(`${world.inside}${path}`, { method: 'POST', headers: { 'x-forwarded-for': somebody(), ...headers }, body });
}

// Registers a client of this name; its answers go to `redirect`.
export async function register(world, name, redirect) {
    const body = JSON.stringify({ client_name: name, redirect_uris: [redirect], token_endpoint_auth_method: 'none' });
    const answer = await post(world, '/register', { 'content-type': 'application/json' }, body);
    if (answer.status !== 201) throw new Error(`registration: ${answer.status} ${await answer.text()}`);
    return { id: (await answer.json()).client_id, redirect };
}

// Begins a sign-in: `url` is what the client opens in the browser.
export function begin(world, client, changes = {}) {
    const verifier = random();
    const query = {
        client_id: client.id,
        response_type: 'code',
        redirect_uri: client.redirect,
        resource: `${world.base}/mcp`,
        scope: 'access_as_user',
        state: random(),
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
        ...changes,
    };
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    return { client, verifier, state: query.state, url: `${world.base}/authorize?${new URLSearchParams(given)}` };
}

// Redeems a code, and returns what the token endpoint says.
export async function redeem(world, begun, code) {
    const { client, verifier } = begun;
    const form = {
        grant_type: 'authorization_code',
        client_id: client.id,
        redirect_uri: client.redirect,
        code,
        code_verifier: verifier,
    };
    const answer = await post(world, '/token', {}, new URLSearchParams(form));
    return { status: answer.status, ...(await answer.json()) };
}

// Returns the status with which the server answers a call with this token.
export async function call(world, token) {
    const headers = {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
    };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });
    return (await post(world, '/mcp', headers, body)).status;
}
