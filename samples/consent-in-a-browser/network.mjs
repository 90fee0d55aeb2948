// What stands around the server: the proxy in front of it, websites of others, a client's listener.

import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import { connect } from 'node:net';

const { CERTIFICATE, KEY } = process.env;

function listen(server) {
    return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
}

function secure(handler) {
    return https.createServer({ cert: readFileSync(CERTIFICATE), key: readFileSync(KEY) }, handler);
}

const passers = { next: 0 };

// An address of its own for every request, so that limits stop nothing here; with `one`, always the same.
export function somebody(one) {
    passers.next += 1;
    const at = passers.next;
    return one ?? `10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`;
}

// Puts a proxy in front of a server: TLS ends here, and the peer's address is passed on.
export async function front(inside, { tls }) {
    const self = { from: undefined };
    const handler = (request, response) => {
        const headers = { ...request.headers, 'x-forwarded-for': somebody(self.from) };
        const onward = http.request(`${inside()}${request.url}`, { method: request.method, headers }, (answer) => {
            response.writeHead(answer.statusCode, answer.rawHeaders);
            answer.pipe(response);
        });
        onward.on('error', () => response.destroy());
        request.pipe(onward);
    };
    self.port = await listen(tls ? secure(handler) : http.createServer(handler));
    return self;
}

// Lets the server reach the emulator by the names of the public cloud: every tunnel leads there.
export async function tunnel(target) {
    const { hostname, port } = new URL(target);
    const server = http.createServer((_, response) => response.writeHead(405).end());
    server.on('connect', (_, socket) => {
        const onward = connect(port, hostname, () => {
            socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
            onward.pipe(socket).pipe(onward);
        });
        onward.on('error', () => socket.destroy());
        socket.on('error', () => onward.destroy());
    });
    return listen(server);
}

// A website of somebody else; `pages` maps paths to HTML, and can be changed.
export async function website() {
    const pages = new Map();
    const port = await listen(
        secure((request, response) => {
            const page = pages.get(request.url);
            response.writeHead(page ? 200 : 404, { 'content-type': 'text/html; charset=utf-8' });
            response.end(page ?? '<!doctype html><title>nothing</title>');
        }),
    );
    return { port, pages };
}

// Where a client waits for its answer. Browsers ask for an icon too; only what goes to the client's path counts.
export async function listener({ tls } = {}) {
    const answers = [];
    const handler = (request, response) => {
        const url = new URL(request.url, 'http://localhost');
        if (url.pathname === '/callback') answers.push(Object.fromEntries(url.searchParams));
        response.writeHead(url.pathname === '/callback' ? 200 : 204, { 'content-type': 'text/html; charset=utf-8' });
        response.end(url.pathname === '/callback' ? '<!doctype html><title>Client</title><h1>Back at the client</h1>' : '');
    };
    const port = await listen(tls ? secure(handler) : http.createServer(handler));
    return { port, answers };
}
