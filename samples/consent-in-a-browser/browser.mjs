// Chromium, and the people who use it: each person has a browser profile of his own.

import { chromium } from 'playwright-core';

// Where names lead on this machine. What is at `publicPorts` counts as the public internet, and not as this machine.
export async function launch(names, publicPorts = []) {
    const rules = Object.entries(names).map(([host, port]) => `MAP ${host} 127.0.0.1:${port}`);
    const spaces = publicPorts.map((port) => `127.0.0.1:${port}=public`);
    return chromium.launch({
        executablePath: process.env.CHROMIUM,
        // The sandbox needs privileges that containers lack, and root is refused with it. Only our own pages are opened.
        args: [
            '--no-sandbox',
            '--disable-dev-shm-usage',
            `--host-resolver-rules=${rules.join(', ')}`,
            `--ip-address-space-overrides=${spaces.join(',')}`,
        ],
    });
}

// What Chromium says when a page that a person shall see comes with 400, 403 or 429: no fault of the page.
const STATUS = /^Failed to load resource: the server responded with a status of (400|403|429|503)/;

export class Person {
    // `options` are those of a Playwright context.
    static async of(browser, options = {}) {
        const person = new Person();
        person.complaints = [];
        person.context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
        person.context.setDefaultTimeout(10_000);
        await person.context.exposeBinding('tellViolation', (_, text) => person.complaints.push(text));
        await person.context.addInitScript(() => {
            document.addEventListener('securitypolicyviolation', (event) => {
                window.tellViolation(`${event.effectiveDirective} refused ${event.blockedURI || 'inline'} on ${document.URL}`);
            });
        });
        person.context.on('page', (page) => {
            page.on('console', (message) => {
                if (!STATUS.test(message.text())) person.complaints.push(`${message.type()}: ${message.text()}`);
            });
            page.on('pageerror', (error) => person.complaints.push(String(error)));
        });
        person.page = await person.context.newPage();
        return person;
    }

    async open(url) {
        return this.page.goto(url);
    }

    async heading() {
        return this.page.locator('h1').first().textContent();
    }

    // Chooses an answer, and waits for the page to which it leads.
    async choose(name) {
        const led = this.page.waitForEvent('framenavigated', (frame) => frame === this.page.mainFrame());
        await Promise.all([led, this.page.getByRole('button', { name, exact: true }).click({ noWaitAfter: true })]);
        await this.page.waitForLoadState();
    }

    // Approves, and stops on the way to this origin; returns the address to which the browser was going.
    async approveAndStopBefore(origin) {
        const debuggers = await this.context.newCDPSession(this.page);
        await debuggers.send('Fetch.enable', { patterns: [{ urlPattern: `${origin}/*` }] });
        const stopped = new Promise((resolve) => {
            debuggers.on('Fetch.requestPaused', async ({ requestId, request }) => {
                await debuggers.send('Fetch.failRequest', { requestId, errorReason: 'Aborted' });
                resolve(request.url);
            });
        });
        await this.page.getByRole('button', { name: 'Approve', exact: true }).click({ noWaitAfter: true });
        const url = await stopped;
        await debuggers.detach();
        return url;
    }

    async cookies() {
        return this.context.cookies();
    }

    async leave() {
        await this.context.close();
    }
}
