// What others try with a person's browser.

import assert from 'node:assert/strict';

import { Person } from '../browser.mjs';
import { begin, register } from '../client.mjs';
import { somebody } from '../network.mjs';
import { counters, written } from '../programs.mjs';
import { row } from '../table.mjs';
import { answers, arrived, asked } from './flow.mjs';

export async function attacks(browser, world) {
    const try_ = (what, attempt) => row(world.name, what, attempt);
    await try_('framed by another site: nothing is shown', () => framed(browser, world));
    await try_('forged: another site posts a ticket of its own; refused, Entra is not asked', () => forged(browser, world));
    await try_('forged while the person has a page of his own open; refused', () => forged(browser, world, 'own page'));
    await try_('replayed: the same form again; refused with a page that helps', () => replayed(browser, world));
    await try_('Back after approving: a form that was sent is not shown again', () => back(browser, world));
    await try_('the sign-in finished in another browser: refused, the client gets nothing', () => elsewhere(browser, world));
    await try_('the callback opened twice: refused the second time', () => twice(browser, world));
    await try_('the reference on a page is in the log, beside the reason', () => reference(browser, world));
    await try_('a redirect that is not allowed leads nowhere', () => notAllowed(browser, world));
}

function stranger(world, page) {
    world.stranger.pages.set('/', page);
    return 'https://stranger.example/';
}

function escape(text) {
    return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}

async function framed(browser, world) {
    const person = await Person.of(browser);
    const { url } = begin(world, await register(world, 'Visual', world.redirect));
    await person.open(stranger(world, `<!doctype html><title>Win a prize</title><iframe src="${escape(url)}"></iframe>`));
    const frame = person.page.frames()[1];
    await frame.waitForLoadState();
    assert.equal(frame.url(), 'chrome-error://chromewebdata/');
    assert.doesNotMatch(await frame.locator('body').innerText(), /Visual|Approve|wants to use/);
    const [word] = person.complaints.filter((text) => /frame-ancestors|X-Frame-Options/.test(text));
    assert.ok(word, `Chromium says nothing of it: ${person.complaints}`);
    assert.deepEqual((await person.cookies()).filter((one) => one.domain !== 'stranger.example'), []);
    await person.leave();
}

// Gets a page as an attacker would, in a program of his own, and reads its ticket.
async function ticketOf(world, url) {
    const path = url.slice(world.base.length);
    const page = await fetch(`${world.inside}${path}`, { headers: { 'x-forwarded-for': somebody() } });
    return (await page.text()).match(/name="ticket" value="([^"]+)"/)[1];
}

async function forged(browser, world, variant) {
    const before = await counters(world.emulator);
    const person = await Person.of(browser);
    if (variant) {
        await person.open(begin(world, await register(world, 'Own', world.redirect)).url);
        await person.page.waitForLoadState();
    }
    const ticket = await ticketOf(world, begin(world, await register(world, 'Forged', world.redirect)).url);
    const form = `<!doctype html><title>Win a prize</title>
        <form method="post" action="${world.base}/authorize/consent">
        <input type="hidden" name="ticket" value="${ticket}"><button name="answer" value="approve">Play</button></form>`;
    await person.open(stranger(world, form));
    await person.choose('Play');
    assert.equal(await person.heading(), 'Answer not accepted');
    assert.deepEqual(answers(world.client), []);
    assert.equal((await counters(world.emulator)).authorize, before.authorize, 'Entra was asked');
    await person.leave();
}

async function replayed(browser, world) {
    const { person, begun } = await asked(browser, world);
    const used = await person.page.locator('input[name=ticket]').inputValue();
    await person.choose('Approve');
    await arrived(world, begun);
    const before = await counters(world.emulator);
    // A page of this server itself, so that nothing but the ticket is wrong.
    await person.open(begin(world, begun.client).url);
    await person.page.locator('input[name=ticket]').evaluate((input, value) => (input.value = value), used);
    await person.choose('Approve');
    assert.equal(await person.heading(), 'Answer not accepted');
    assert.match(await person.page.locator('main').textContent(), /connect again/);
    assert.deepEqual(answers(world.client), []);
    assert.equal((await counters(world.emulator)).authorize, before.authorize);
    await person.leave();
}

async function back(browser, world) {
    const { person, begun } = await asked(browser, world);
    const used = await person.page.locator('input[name=ticket]').inputValue();
    await person.choose('Approve');
    await arrived(world, begun);
    await person.page.goBack();
    assert.match(await person.heading(), /Message Center/);
    assert.notEqual(await person.page.locator('input[name=ticket]').inputValue(), used);
    await person.choose('Cancel');
    assert.equal(answers(world.client)[0]?.error, 'access_denied');
    await person.leave();
    return 'Chromium asks the server anew: a fresh page, and it can be cancelled';
}

async function elsewhere(browser, world) {
    const { person, begun } = await asked(browser, world);
    const entra = await person.approveAndStopBefore(world.entra);
    const victim = await Person.of(browser);
    const answer = await victim.open(entra);
    assert.equal(answer.status(), 403);
    assert.equal(await victim.heading(), 'Sign-in stopped');
    assert.deepEqual(answers(world.client), []);
    await victim.leave();
    // The address was good all the while, in the browser to which it belongs.
    await person.open(entra);
    await arrived(world, begun);
    await person.leave();
}

async function twice(browser, world) {
    const { person, begun } = await asked(browser, world);
    const callback = person.page.waitForRequest((one) => one.url().includes('/oauth/callback'));
    await person.choose('Approve');
    await arrived(world, begun);
    await person.open((await callback).url());
    assert.equal(await person.heading(), 'Sign-in stopped');
    assert.deepEqual(answers(world.client), []);
    await person.leave();
}

async function reference(browser, world) {
    const person = await Person.of(browser);
    await person.open(`${world.base}/oauth/callback?state=${'0'.repeat(32)}&code=x`);
    const shown = await person.page.locator('footer code').textContent();
    await person.open(`${world.base}/authorize?client_id=mcp.nobody&redirect_uri=${encodeURIComponent(world.redirect)}`);
    const other = await person.page.locator('footer code').textContent();
    assert.notEqual(shown, other);
    for (const one of [shown, other]) {
        assert.match((await written(world.log, one)) ?? `${one} is not in the log`, /why/);
    }
    await person.leave();
}

async function notAllowed(browser, world) {
    const person = await Person.of(browser);
    const client = await register(world, 'Client', world.redirect);
    await person.open(begin(world, client, { redirect_uri: 'https://stranger.example/collect' }).url);
    assert.equal(await person.heading(), 'Address not allowed');
    assert.equal(await person.page.locator('a[href], form, meta[http-equiv]').count(), 0, 'something leads on');
    await person.leave();
}
