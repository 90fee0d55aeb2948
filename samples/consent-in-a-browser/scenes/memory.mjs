// What a browser remembers, and how it forgets.

import assert from 'node:assert/strict';

import { Person } from '../browser.mjs';
import { begin } from '../client.mjs';
import { row } from '../table.mjs';
import { answers, arrived } from './flow.mjs';

const REMEMBER = /Do not ask me/;

export async function memory(browser, world) {
    const try_ = (what, attempt) => row('remembered', what, attempt);
    // The app that the operator registered, at a website of its own: what may be remembered at all.
    const client = { id: world.emulator.app, redirect: world.webRedirect };
    const person = await Person.of(browser);
    const scene = { world, client, person };
    await try_('the box is not ticked; approved without it, the person is asked again', () => unticked(scene));
    await try_('ticked: the next sign-in goes to Entra at once, and Entra lets the person choose', () => ticked(scene));
    await try_('a link from another site asks again', () => linked(scene));
    await try_('another browser is asked', () => another(scene, browser));
    await try_('other redirects and self-registered clients are not offered it', () => notOffered(scene));
    await try_('forgotten: the page is found from the footer, and the person is asked again', () => forgotten(scene));
    await try_('another site cannot make the browser forget', () => forgottenByOthers(scene));
    await try_('no complaints by the browser', () => assert.deepEqual(person.complaints, []));
    await person.leave();
}

async function isAsked({ person }) {
    return (await person.page.locator('form').count()) === 1 && /Message Center/.test(await person.heading());
}

async function unticked(scene) {
    const { world, client, person } = scene;
    const begun = begin(world, client);
    await person.open(begun.url);
    assert.equal(await person.page.getByLabel(REMEMBER).isChecked(), false);
    await person.choose('Approve');
    await arrived(world, begun, world.webClient);
    await person.open(begin(world, client).url);
    assert.ok(await isAsked(scene));
}

async function approveTicked({ world, client, person }) {
    const begun = begin(world, client);
    await person.open(begun.url);
    await person.page.getByLabel(REMEMBER).check();
    await person.choose('Approve');
    await arrived(world, begun, world.webClient);
}

async function ticked(scene) {
    await approveTicked(scene);
    const { world, client, person } = scene;
    const again = begin(world, client);
    const entra = person.page.waitForRequest((one) => one.url().startsWith(world.entra));
    await person.open(again.url);
    assert.match((await entra).url(), /[?&]prompt=select_account(&|$)/);
    await arrived(world, again, world.webClient);
}

async function linked(scene) {
    const { world, client, person } = scene;
    const { url } = begin(world, client);
    world.stranger.pages.set('/', `<!doctype html><title>x</title><a href="${url.replaceAll('&', '&amp;')}">Read</a>`);
    await person.open('https://stranger.example/');
    await person.page.getByRole('link', { name: 'Read' }).click();
    await person.page.waitForURL(`${world.base}/authorize?**`);
    assert.ok(await isAsked(scene));
    assert.deepEqual(answers(world.webClient), []);
}

async function another({ world, client }, browser) {
    const person = await Person.of(browser);
    await person.open(begin(world, client).url);
    assert.ok(await isAsked({ person }));
    await person.leave();
}

async function notOffered({ world, client, person }) {
    for (const redirect of ['https://chatgpt.com/connector_platform_oauth_redirect', world.redirect]) {
        // Naming no resource, so that the page comes in any case.
        await person.open(begin(world, { ...client, redirect }, { resource: undefined }).url);
        assert.ok(await isAsked({ person }), redirect);
        assert.equal(await person.page.getByLabel(REMEMBER).count(), 0, redirect);
    }
}

async function forgotten(scene) {
    const { world, client, person } = scene;
    // Another page of the server, where the footer has the link.
    await person.open(begin(world, client, { resource: undefined }).url);
    await person.page.getByRole('link', { name: /does not ask about/ }).click();
    await person.page.waitForURL(`${world.base}/authorize/forget`);
    assert.match(await person.page.locator('main').textContent(), /remembers one app/);
    await person.choose('Ask me about every app again');
    assert.equal(await person.heading(), 'Done');
    await person.open(`${world.base}/authorize/forget`);
    assert.match(await person.page.locator('main').textContent(), /remembers no app/);
    await person.open(begin(world, client).url);
    assert.ok(await isAsked(scene));
}

async function forgottenByOthers(scene) {
    await approveTicked(scene);
    const { world, client, person } = scene;
    const form = `<!doctype html><title>x</title><form method="post" action="${world.base}/authorize/forget">
        <input name="ticket" value="x"><button>Forget</button></form>`;
    world.stranger.pages.set('/', form);
    await person.open('https://stranger.example/');
    await person.choose('Forget');
    const again = begin(world, client);
    await person.open(again.url);
    await arrived(world, again, world.webClient);
}
