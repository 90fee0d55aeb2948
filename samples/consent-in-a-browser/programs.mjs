// Starts the built programs with an environment of their own, and ends them with this one.

import { spawn } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

const { PROGRAMS, LOGS, WORK } = process.env;
const children = [];
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

function start(program, args, env, log) {
    const child = spawn(`${PROGRAMS}/${program}`, args, { env, cwd: WORK, stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    child.stderr.pipe(createWriteStream(`${LOGS}/${log}`));
    return child;
}

function within(seconds, what, promise) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${what} did not become ready, see ${LOGS}`)), seconds * 1000);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// Starts the emulator; `redirects` are registered at its API app.
export function startEmulator(redirects) {
    const ca = `${WORK}/emulator-ca.pem`;
    const args = ['--ca-out', ca, ...redirects.flatMap((uri) => ['--redirect', uri])];
    const child = start('entra-emulator', args, {}, 'emulator');
    const emulator = { ca };
    const ready = new Promise((resolve, reject) => {
        child.on('exit', (status) => reject(new Error(`the emulator ended with ${status}`)));
        // It says where it listens, who is registered, and at last that it is ready.
        createInterface(child.stdout).on('line', (line) => {
            const [first, second, third, ...rest] = line.split(/\s+/);
            if (first === 'http' || first === 'https') emulator[first] = second;
            if (first === 'tenant') emulator.tenant = second;
            if (first === 'api') Object.assign(emulator, { app: third, secret: rest.at(-1) });
            if (first === 'ready') resolve(emulator);
        });
    });
    return within(30, 'the emulator', ready);
}

// Counts of what the emulator was asked.
export async function counters(emulator) {
    return (await fetch(`${emulator.http}/_emulator/counters`)).json();
}

// Starts the server with these settings and no others, and returns where it listens.
export async function startServer(name, settings) {
    const port = await freePort();
    const env = { MCP_ENV: 'development', RUST_LOG: 'info', PORT: port, ...settings };
    const child = start('message-center', ['serve'], env, name);
    child.stdout.resume();
    const inside = `http://127.0.0.1:${port}`;
    const answers = async () => {
        for (;;) {
            if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}, see ${LOGS}/${name}`);
            const answer = await fetch(`${inside}/readyz`).catch(() => undefined);
            if (answer?.ok) return inside;
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
    };
    return within(30, 'the server', answers());
}

// Returns the line of a log that has this text in it, once it has been written.
export async function written(name, text) {
    for (let tries = 0; tries < 50; tries += 1) {
        const line = readFileSync(`${LOGS}/${name}`, 'utf8').split('\n').find((one) => one.includes(text));
        if (line) return line;
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return undefined;
}

export function freePort() {
    return new Promise((resolve) => {
        const server = createServer().listen(0, '127.0.0.1', () => {
            const { port } = server.address();
            server.close(() => resolve(port));
        });
    });
}
