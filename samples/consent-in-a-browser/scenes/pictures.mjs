// Pictures of the pages, for people who read about this server.

import assert from 'node:assert/strict';
import { mkdirSync, statSync } from 'node:fs';

import { Person } from '../browser.mjs';
import { row } from '../table.mjs';
import { consent, notAllowed } from './pages.mjs';

const { PICTURES } = process.env;

const SHOWN = {
    consent: (person, world) => consent(person, world, 'Visual Studio Code'),
    refused: notAllowed,
};

export async function pictures(browser, world) {
    mkdirSync(PICTURES, { recursive: true });
    for (const [name, open] of Object.entries(SHOWN)) {
        for (const width of [360, 1280]) {
            await row('pictures', `${name}, ${width} px, light and dark`, () => take(browser, world, name, open, width));
        }
    }
}

async function take(browser, world, name, open, width) {
    const viewport = { width, height: width === 360 ? 640 : 600 };
    const person = await Person.of(browser, { viewport, reducedMotion: 'reduce' });
    await open(person, world);
    for (const colorScheme of ['light', 'dark']) {
        await person.page.emulateMedia({ colorScheme });
        const path = `${PICTURES}/${name}-${width}-${colorScheme}.png`;
        await person.page.screenshot({ path, fullPage: true, animations: 'disabled' });
        assert.ok(statSync(path).size > 5_000, `${path} is empty`);
    }
    await person.leave();
}
