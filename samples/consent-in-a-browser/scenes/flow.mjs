// What people do: they approve, they cancel, without scripts and without a mouse.

import assert from 'node:assert/strict';

import { Person } from '../browser.mjs';
import { begin, call, redeem, register } from '../client.mjs';
import { counters } from '../programs.mjs';
import { row } from '../table.mjs';

export async function flow(browser, world) {
    const try_ = (what, attempt) => row(world.name, what, attempt);
    await try_('approve: code, state and iss at the client; the token is good', () => approve(browser, world));
    await try_('cancel: access_denied, state and iss at the client; Entra is not asked', () => cancel(browser, world));
    await try_('approve without JavaScript', () => approve(browser, world, { javaScriptEnabled: false }));
    await try_('cancel without JavaScript', () => cancel(browser, world, { javaScriptEnabled: false }));
    await try_('approve by keyboard: Tab in reading order, focus visible, Enter', () => keyboard(browser, world));
    await try_('approve by a double click', () => doubleClick(browser, world));
    await try_('cookies: HttpOnly, SameSite=Lax, as strict as the transport; none is left', () => cookies(browser, world));
}

// Opens the consent page of a new client.
export async function asked(browser, world, options = {}, name = 'Visual Studio Code') {
    const person = await Person.of(browser, options);
    const client = await register(world, name, world.redirect);
    const begun = begin(world, client);
    const answer = await person.open(begun.url);
    assert.equal(answer.status(), 200);
    assert.match(await person.heading(), /Message Center/);
    return { person, begun };
}

// Takes what arrived at the client since, and nothing else.
export function answers(listener) {
    return listener.answers.splice(0);
}

// Checks that the client got one good code, and redeems it.
export async function arrived(world, begun, listener = world.client) {
    const [answer, ...others] = answers(listener);
    assert.deepEqual(others, [], 'one answer');
    assert.ok(answer, 'no answer came to the client');
    assert.deepEqual(Object.keys(answer).sort(), ['code', 'iss', 'state']);
    assert.equal(answer.state, begun.state);
    assert.equal(answer.iss, world.base);
    const token = await redeem(world, begun, answer.code);
    assert.equal(token.status, 200, `${token.error}: ${token.error_description}`);
    assert.equal(await call(world, token.access_token), 200);
}

async function approve(browser, world, options) {
    const { person, begun } = await asked(browser, world, options);
    await person.choose('Approve');
    await arrived(world, begun);
    assert.deepEqual(person.complaints, []);
    await person.leave();
}

async function cancel(browser, world, options) {
    const before = await counters(world.emulator);
    const { person, begun } = await asked(browser, world, options);
    await person.choose('Cancel');
    const [answer] = answers(world.client);
    assert.equal(answer?.error, 'access_denied');
    assert.equal(answer.state, begun.state);
    assert.equal(answer.iss, world.base);
    assert.equal((await counters(world.emulator)).authorize, before.authorize);
    assert.deepEqual(person.complaints, []);
    await person.leave();
}

async function keyboard(browser, world) {
    const { person, begun } = await asked(browser, world);
    const stops = [];
    for (let press = 0; press < 6 && stops.at(-1) !== 'Approve'; press += 1) {
        await person.page.keyboard.press('Tab');
        const focus = await person.page.evaluate(() => {
            const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
            return { text: document.activeElement.textContent, outlineStyle, outlineWidth };
        });
        assert.equal(focus.outlineStyle, 'solid', `no focus to see on ${focus.text}`);
        assert.ok(parseFloat(focus.outlineWidth) >= 2);
        stops.push(focus.text);
    }
    assert.deepEqual(stops, ['Cancel', 'Approve']);
    await person.page.keyboard.press('Enter');
    await person.page.waitForURL(`${world.redirect}?**`);
    await arrived(world, begun);
    await person.leave();
    return stops.join(', ');
}

// A hasty second press comes before the first has led anywhere, or while the browser is already on its way.
async function doubleClick(browser, world) {
    for (const pause of [0, 30, 100]) {
        const { person, begun } = await asked(browser, world);
        const { mouse } = person.page;
        await person.page.getByRole('button', { name: 'Approve' }).hover();
        await mouse.down();
        await mouse.up();
        await person.page.waitForTimeout(pause);
        await mouse.down({ clickCount: 2 });
        await mouse.up({ clickCount: 2 });
        await person.page.waitForURL(`${world.redirect}?**`);
        await arrived(world, begun);
        await person.leave();
    }
}

async function cookies(browser, world) {
    const { person } = await asked(browser, world);
    const [cookie, ...others] = await person.cookies();
    assert.deepEqual(others, []);
    const prefix = world.name === 'https' ? '__Host-mcp-ask-' : `mcp-${new URL(world.base).port}-ask-`;
    assert.ok(cookie.name.startsWith(prefix), cookie.name);
    const { httpOnly, secure, sameSite, path } = cookie;
    assert.deepEqual({ httpOnly, secure, sameSite, path }, {
        httpOnly: true,
        secure: world.name === 'https',
        sameSite: 'Lax',
        path: '/',
    });
    await person.choose('Approve');
    answers(world.client);
    assert.deepEqual((await person.cookies()).map((one) => one.name), []);
    await person.leave();
    return `${prefix}…`;
}
