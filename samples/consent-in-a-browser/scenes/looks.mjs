// How every page looks and reads: on small and large screens, in light and dark, with large text, to a checker.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

import { Person } from '../browser.mjs';
import { row } from '../table.mjs';
import { consent, PAGES } from './pages.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
// What must not be, by axe's own grading.
const GRAVE = ['serious', 'critical'];
const SCREENS = [
    { width: 1280, height: 800 },
    { width: 360, height: 740 },
];

export async function looks(browser, world) {
    for (const [name, open] of Object.entries(PAGES)) {
        await row('looks', name, () => examine(browser, world, open));
    }
    await row('looks', 'a screen reader reads question, warning, facts and answers in this order', () => read(browser, world));
}

const READ_ALOUD = [
    'banner',
    'main',
    'heading "Let an app use Message Center?" [level=1]',
    'note',
    'Only continue if you started this yourself',
    'term: Who is it?',
    'definition: Nobody has checked.',
    'term: What may it do?',
    'term: Where does the answer go?',
    'term: Where do you sign in?',
    'button "Cancel"',
    'button "Approve"',
    'contentinfo',
];

async function read(browser, world) {
    const person = await Person.of(browser);
    await consent(person, world, 'Visual Studio Code');
    const tree = await person.page.locator('body').ariaSnapshot();
    let from = 0;
    for (const text of READ_ALOUD) {
        const at = tree.indexOf(text, from);
        assert.ok(at >= from, `${text} is missing, or out of order`);
        from = at + text.length;
    }
    await person.leave();
}

async function examine(browser, world, open) {
    // Still, so that no colour is judged on its way from light to dark.
    const person = await Person.of(browser, { reducedMotion: 'reduce' });
    await open(person, world);
    const { page } = person;
    // Through the debugger: the page's own policy stays as it is.
    const debuggers = await person.context.newCDPSession(page);
    await debuggers.send('Runtime.evaluate', { expression: AXE });
    const minor = new Set();
    for (const viewport of SCREENS) {
        for (const colorScheme of ['light', 'dark']) {
            await page.setViewportSize(viewport);
            await page.emulateMedia({ colorScheme });
            await judge(debuggers, `${viewport.width} px, ${colorScheme}`, minor);
            await fits(page, `${viewport.width} px`);
        }
    }
    // 1,280 px at 200 % and 400 % (WCAG 2.2, 1.4.4 and 1.4.10), and a phone on which text alone is twice as large.
    for (const [width, text] of [[640, '100%'], [320, '100%'], [360, '200%']]) {
        await page.setViewportSize({ width, height: 740 });
        await page.evaluate((size) => (document.documentElement.style.fontSize = size), text);
        await fits(page, `${width} px, text ${text}`);
    }
    assert.deepEqual(person.complaints, []);
    await person.leave();
    return minor.size ? `minor: ${[...minor].join(', ')}` : '';
}

async function judge(debuggers, screen, minor) {
    const expression = `axe.run(document, { resultTypes: ['violations'] }).then((found) => found.violations.map(
        ({ id, impact, nodes }) => ({ id, impact, at: nodes.map((node) => node.target.join(' ')) })))`;
    const { result } = await debuggers.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    assert.ok(Array.isArray(result.value), `axe did not run: ${result.description}`);
    for (const { id, impact, at } of result.value) {
        assert.ok(!GRAVE.includes(impact), `${screen}: ${impact} ${id} at ${at}`);
        minor.add(id);
    }
}

// Nothing is cut, and nobody has to scroll sideways.
async function fits(page, screen) {
    const wide = await page.evaluate(() => {
        const limit = document.documentElement.clientWidth;
        const beyond = [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > limit + 0.5);
        return { scroll: document.documentElement.scrollWidth - limit, beyond: beyond.map((one) => one.outerHTML.slice(0, 60)) };
    });
    assert.ok(wide.scroll <= 0, `${screen}: ${wide.scroll} px too wide`);
    assert.deepEqual(wide.beyond, [], screen);
}
