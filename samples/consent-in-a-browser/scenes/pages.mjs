// Every page that a person may meet, and how he comes to it.

import assert from 'node:assert/strict';

import { begin, register } from '../client.mjs';

const CHATGPT = 'https://chatgpt.com/connector_platform_oauth_redirect';
const FORGET = '/authorize/forget';

export const PAGES = {
    'consent: a program on this computer': (person, world) => consent(person, world, 'Visual Studio Code'),
    'consent: a website that many people use': (person, world) => own(person, world, CHATGPT),
    'consent: the operator’s own app, which may be remembered': (person, world) => own(person, world, world.webRedirect),
    'consent: a browser that remembers': async (person, world) => {
        await remembered(person, world);
        await own(person, world, CHATGPT);
    },
    'error: app not known': (person, world) => error(person, 'App not known', query(world, { client_id: 'mcp.nobody' })),
    'error: address not allowed': notAllowed,
    'error: request not understood': (person, world) => {
        return error(person, 'Request not understood', `${world.base}/authorize`);
    },
    'error: answer not understood': (person, world) => {
        return error(person, 'Answer not understood', `${world.base}/oauth/callback`);
    },
    'error: no answer': (person, world) => refused(person, world, 'No answer', (ticket) => ticket.remove()),
    'error: answer not accepted': (person, world) => {
        return refused(person, world, 'Answer not accepted', (ticket) => (ticket.value = 'forged'));
    },
    'error: sign-in stopped': (person, world) => {
        return error(person, 'Sign-in stopped', `${world.base}/oauth/callback?code=x&state=${'0'.repeat(32)}`);
    },
    'error: not set up at Microsoft': notSetUp,
    'error: try again later': (person, world) => {
        return error(person, 'Try again later', query(world, { client_id: 'https://clients.invalid/app.json' }));
    },
    'error: too many sign-ins': tooMany,
    'forget: nothing': (person, world) => person.open(`${world.base}${FORGET}`),
    'forget: the question': async (person, world) => {
        await remembered(person, world);
        await person.open(`${world.base}${FORGET}`);
    },
    'forget: done': async (person, world) => {
        await PAGES['forget: the question'](person, world);
        await person.choose('Ask me about every app again');
        assert.equal(await person.heading(), 'Done');
    },
};

export async function consent(person, world, name) {
    await person.open(begin(world, await register(world, name, world.redirect)).url);
    assert.equal(await person.page.locator('form').count(), 1);
}

export async function notAllowed(person, world) {
    const redirect_uri = 'https://collector.example/a/rather/long/path/to/somewhere?that=does-not-belong-here';
    await error(person, 'Address not allowed', query(world, { redirect_uri }));
}

// The app that the operator registered. It names no resource, so that it is asked about in any case.
async function own(person, world, redirect) {
    await person.open(begin(world, { id: world.emulator.app, redirect }, { resource: undefined }).url);
    assert.equal(await person.page.locator('form').count(), 1);
}

async function remembered(person, world) {
    await own(person, world, world.webRedirect);
    await person.page.getByRole('checkbox').check();
    await person.choose('Approve');
    world.webClient.answers.splice(0);
}

function query(world, changes) {
    return begin(world, { id: world.emulator.app, redirect: world.webRedirect }, changes).url;
}

async function error(person, heading, url) {
    await person.open(url);
    assert.equal(await person.heading(), heading);
}

async function refused(person, world, heading, spoil) {
    await consent(person, world, 'Spoilt');
    await person.page.locator('input[name=ticket]').evaluate(spoil);
    await person.choose('Approve');
    assert.equal(await person.heading(), heading);
}

// Entra sends the browser back and says that the redirect URI is not registered.
async function notSetUp(person, world) {
    await consent(person, world, 'Early');
    const state = new URL(await person.approveAndStopBefore(world.entra)).searchParams.get('state');
    const answer = new URLSearchParams({ error: 'invalid_request', error_description: 'AADSTS50011: no.', state });
    await error(person, 'Not set up', `${world.base}/oauth/callback?${answer}`);
}

// From one address, until the limit of its client is reached.
async function tooMany(person, world) {
    world.front.from = '192.0.2.7';
    try {
        const { url } = begin(world, await register(world, 'In a hurry', world.redirect));
        let answer;
        for (let tries = 0; tries < 20 && answer?.status() !== 429; tries += 1) answer = await person.open(url);
        assert.equal(answer.status(), 429);
    } finally {
        world.front.from = undefined;
    }
}
