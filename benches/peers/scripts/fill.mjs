// Fills the cache of one MSAL app with many users.
//
// Each exchange of one app first walks all that the app has, so to fill it by exchanges takes time by the square of the
// users. Here small apps exchange, and what they serialise is read by the one app, by MSAL's own two functions for that.
const SMALL = 20;
const ABREAST = 8;
const SECTIONS = ['Account', 'IdToken', 'AccessToken', 'RefreshToken', 'AppMetadata'];

export async function fill(app, make, requests) {
  const cache = app.getTokenCache();
  const groups = inGroups(requests, SMALL);
  // So many at a time, because a text has a greatest length.
  for (const portion of inGroups(groups, 100)) {
    const lanes = Array.from({ length: ABREAST }, () => exchanged(make, portion));
    const made = (await Promise.all(lanes)).flat();
    const together = SECTIONS.map((section) => [section, Object.assign({}, ...made.map((one) => one[section]))]);
    // What is read is added to what was there.
    cache.deserialize(JSON.stringify(Object.fromEntries(together)));
  }
  // It keeps the text that it read last: that is not the cache's to answer for.
  cache.deserialize('');
}

// Takes groups until there are none left, which other lanes do too.
async function exchanged(make, groups) {
  const made = [];
  for (let group = groups.pop(); group; group = groups.pop()) {
    const small = make();
    for (const request of group) await small.acquireTokenOnBehalfOf(request());
    made.push(JSON.parse(small.getTokenCache().serialize()));
  }
  return made;
}

function inGroups(all, size) {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, group) => all.slice(group * size, (group + 1) * size));
}
