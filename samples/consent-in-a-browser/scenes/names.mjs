// Names that clients choose to deceive or to break the page: they stay within their place in the sentence.

import assert from 'node:assert/strict';

import { Person } from '../browser.mjs';
import { row } from '../table.mjs';
import { consent } from './pages.mjs';

const piled = (text, marks) => [...text].map((one) => one + '\u0301\u0316\u0489'.repeat(marks)).join('');

const NAMES = {
    '80 wide letters without a space': 'W'.repeat(80),
    'right to left': 'مركز الرسائل الموثوق من مايكروسوفت',
    'an override of the direction': '\u202egnorw si sihT\u202c \u2066x\u2069 \u200fy',
    'emoji, joined and flagged': '👩‍💻 🏳️‍🌈 🇮🇹 ✅ Verified 🔒',
    'controls, tabs and lines': 'Visual\u0000 Studio\u001b[31m\t\n\r\u2028Code\u0085',
    'markup': '<b>Bold</b><script>alert(1)</script>&lt;i&gt;',
    'an end of the sentence': '” has been checked by Microsoft and wants “',
    'marks piled upon marks': piled('Zalgo', 4),
    'marks that reach far above': `A${'\u0301'.repeat(78)}`,
    'marks that reach far below': `A${'\u0323'.repeat(78)}`,
    'very tall scripts': 'ཧྐྵྨླྺྼྻྂ ﷽ ꧁ᬼ꧂',
};

export async function names(browser, world) {
    const plain = await Person.of(browser);
    await consent(plain, world, 'Plain');
    const expected = await around(plain.page);
    for (const [what, name] of Object.entries(NAMES)) {
        await row('names', what, () => examine(browser, world, name, expected));
    }
    await plain.leave();
}

// What stands above and below the name, as it is painted.
async function around(page) {
    const paint = (selector) => page.locator(selector).screenshot({ animations: 'disabled' });
    return { h1: await paint('h1'), warning: await paint('.warning') };
}

async function examine(browser, world, name, expected) {
    const person = await Person.of(browser);
    await consent(person, world, name);
    const { page } = person;
    const sentence = await page.locator('.asks').textContent();
    assert.match(sentence, /^A program that gives its name as “[^“”]+” wants to use Message Center in your name\.$/);
    const found = await around(page);
    for (const part of Object.keys(expected)) assert.ok(found[part].equals(expected[part]), `it paints over the ${part}`);
    for (const width of [1280, 360]) {
        await page.setViewportSize({ width, height: 740 });
        const { wide, follows } = await page.evaluate(() => {
            const name = document.querySelector('.asks bdi');
            const after = document.createRange();
            after.setStart(name.parentElement.nextSibling, 0);
            after.setEnd(name.parentElement.nextSibling, 1);
            const quote = after.getBoundingClientRect();
            const boxes = [...name.getClientRects()];
            const beside = boxes.filter((box) => box.top < quote.bottom - 3 && box.bottom > quote.top + 3);
            return {
                wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
                // In reading order: to the right of the name's last line, or on a later one.
                follows:
                    beside.every((box) => box.right <= quote.left + 1) &&
                    boxes.every((box) => beside.includes(box) || box.top < quote.top),
            };
        });
        assert.ok(wide <= 0, `${width} px: ${wide} px too wide`);
        assert.ok(follows, `${width} px: what follows the name stands before it`);
    }
    assert.deepEqual(person.complaints, []);
    await person.leave();
}
