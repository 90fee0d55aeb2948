// Chromium keeps the public internet from reaching programs on this machine, unless the person agrees (Local Network Access).
// An answer to a client on loopback goes just that way, so it has to be seen that it arrives.

import assert from 'node:assert/strict';

import { launch, Person } from '../browser.mjs';
import { row } from '../table.mjs';
import { arrived, asked } from './flow.mjs';

export async function localNetwork({ names, production }) {
    const browser = await launch(names, Object.values(names));
    await row('local network', 'Chromium keeps a public site from fetching from this machine', () => kept(browser, production));
    await row('local network', 'the answer of a public server reaches a client on this machine', () => let_(browser, production));
    await browser.close();
}

async function kept(browser, world) {
    const person = await Person.of(browser);
    world.stranger.pages.set('/', '<!doctype html><title>Public</title>');
    await person.open('https://stranger.example/');
    const fetched = person.page.evaluate((url) => fetch(url, { mode: 'no-cors' }), world.redirect);
    await assert.rejects(fetched, /Failed to fetch/);
    assert.match(person.complaints.join(), /loopback|local/);
    await person.leave();
}

async function let_(browser, world) {
    const { person, begun } = await asked(browser, world);
    await person.choose('Approve');
    await arrived(world, begun);
    assert.deepEqual(person.complaints, []);
    await person.leave();
}
