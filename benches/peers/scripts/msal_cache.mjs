// MSAL for Node: what a cached call costs beside so many users. Prints one JSON line. Runs with --expose-gc.
import { ConfidentialClientApplication } from '@azure/msal-node';
import { assertion, authority, client, scope, Stub } from './entra.mjs';
import { fill } from './fill.mjs';

const [users, rounds, roundMs] = process.argv.slice(2).map(Number);

const stub = new Stub();
const make = () => new ConfidentialClientApplication({
  auth: { clientId: client, clientSecret: 'secret', authority },
  system: { networkClient: stub },
});
const request = (number) => ({ oboAssertion: assertion(number), scopes: [scope] });

const app = make();
await fill(app, make, Array.from({ length: users }, (_, number) => () => request(number)));
if (stub.requests !== users) throw new Error(`${stub.requests} requests for ${users} users`);
global.gc();
const rss = process.memoryUsage.rss() / 1e6;

let turn = 0;
async function call() {
  // A stride that is prime to every size visits all users, in no order that a cache likes.
  turn = (turn + 7919) % users;
  const answer = await app.acquireTokenOnBehalfOf(request(turn));
  if (!answer.accessToken.startsWith(`access-${turn}_`)) throw new Error('another user\'s token');
}

for (let warm = performance.now(); performance.now() - warm < roundMs * 3;) await call();
const begun = performance.now();
await call();
const times = Math.max(1, Math.floor(roundMs / Math.max(performance.now() - begun, 1e-3)));
const results = [];
for (let round = 0; round < rounds; round += 1) {
  const begun = performance.now();
  for (let one = 0; one < times; one += 1) await call();
  results.push((performance.now() - begun) / times);
}
if (stub.requests !== users) throw new Error('a call that should have been cached asked Entra');
results.sort((one, other) => one - other);
console.log(JSON.stringify({ ms: results[rounds >> 1], rss_mb: rss }));
