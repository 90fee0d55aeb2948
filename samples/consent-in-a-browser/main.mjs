// Drives Chromium through the sign-in, and prints what passed.

import { launch } from './browser.mjs';
import { attacks } from './scenes/attacks.mjs';
import { flow } from './scenes/flow.mjs';
import { localNetwork } from './scenes/local_network.mjs';
import { looks } from './scenes/looks.mjs';
import { memory } from './scenes/memory.mjs';
import { names } from './scenes/names.mjs';
import { pictures } from './scenes/pictures.mjs';
import { close } from './table.mjs';
import { build } from './world.mjs';

const worlds = await build();
const browser = await launch(worlds.names);
console.log(`Chromium ${browser.version()}\n`);
for (const world of [worlds.production, worlds.local]) {
    await flow(browser, world);
    await attacks(browser, world);
}
await localNetwork(worlds);
await memory(browser, worlds.production);
await looks(browser, worlds.production);
await names(browser, worlds.production);
await pictures(browser, worlds.production);
await browser.close();
process.exit(close());
