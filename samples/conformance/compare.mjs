// Compares what the suite found without the layers and behind them, check by check.
// compare.mjs RESULTS REVISION...   where RESULTS/REVISION/{bare,protected} is what the suite wrote

import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';

const [results, ...revisions] = process.argv.slice(2);
const suite = dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json'));
// Seconds to milliseconds behind the name of the scenario, as the suite writes its folders.
const FOLDER = /^server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/;

/** What the suite found in one run: scenario to checks. */
function found(folder) {
    const scenarios = new Map();
    for (const name of readdirSync(folder)) {
        const scenario = FOLDER.exec(name)?.[1];
        if (!scenario) throw new Error(`${join(folder, name)} is not a result`);
        scenarios.set(scenario, JSON.parse(readFileSync(join(folder, name, 'checks.json'), 'utf8')));
    }
    return scenarios;
}

const count = (checks, status) => checks.filter((check) => check.status === status).length;
function summary(checks) {
    if (!checks) return 'did not run';
    if (checks.every(({ status }) => status === 'SKIPPED')) return 'skipped';
    return `${count(checks, 'SUCCESS')} passed, ${count(checks, 'FAILURE')} failed`;
}

// Details and messages hold times, ports and ids, which may differ; what was checked and how it ended may not.
const verdicts = (checks) => checks.map(({ id, name, status }) => `${id} / ${name}: ${status}`);

/** Says in which checks two runs of a scenario differ. */
function differences(bare, behind) {
    const [one, other] = [verdicts(bare), verdicts(behind)];
    const only = (these, those, where) =>
        these.filter((verdict) => !those.includes(verdict)).map((verdict) => `only ${where}: ${verdict}`);
    const named = [...only(one, other, 'without the layers'), ...only(other, one, 'behind them')];
    const same = one.length === other.length && one.every((verdict, at) => verdict === other[at]);
    return same || named.length ? named : ['the same checks in another order or number'];
}

function judge(revision) {
    const requirements = parse(readFileSync(join(suite, 'requirements', `${revision}.yaml`), 'utf8'));
    const optional = requirements.not_scored.filter(({ leg }) => leg === 'server');
    const reasons = new Map(optional.map(({ scenario, reason }) => [scenario, reason]));
    const bare = found(join(results, revision, 'bare'));
    const behind = found(join(results, revision, 'protected'));
    const totals = { required: 0, passed: 0, checks: 0, failed: 0, different: 0 };

    console.log(`\n${revision}\n${'scenario'.padEnd(48)}${'without the layers'.padEnd(24)}${'behind them'.padEnd(24)}`);
    for (const scenario of new Set([...requirements.server, ...reasons.keys(), ...bare.keys(), ...behind.keys()])) {
        const runs = [bare.get(scenario), behind.get(scenario)];
        const complete = runs.every((checks) => checks?.length);
        const required = requirements.server.includes(scenario);
        const differing = complete ? differences(...runs) : ['it did not run'];
        const failing = !complete || runs.some((checks) => count(checks, 'FAILURE'));
        const notes = [
            required ? '' : `not scored: ${reasons.get(scenario) ?? 'unknown'}`,
            required && failing ? 'REQUIRED' : '',
            differing.length ? 'DIFFERENT' : '',
        ];
        const line = [scenario.padEnd(48), ...runs.map((checks) => summary(checks).padEnd(24))].join('');
        console.log(`${line}${notes.filter(Boolean).join(', ')}`.trimEnd());
        differing.forEach((difference) => console.log(`    ${difference}`));

        totals.required += required;
        totals.passed += required && !failing;
        totals.checks += runs[1] ? count(runs[1], 'SUCCESS') : 0;
        totals.failed += runs[1] ? count(runs[1], 'FAILURE') : 0;
        totals.different += differing.length > 0;
    }
    return { revision, ...totals };
}

const all = revisions.map(judge);
console.log();
for (const { revision, required, passed, checks, failed, different } of all) {
    const same = different ? `${different} scenarios differ` : 'every check as without the layers';
    console.log(
        `${revision}: ${passed} of ${required} required scenarios pass both ways; ` +
            `behind the layers ${checks} checks passed, ${failed} failed; ${same}`,
    );
}
const good = all.length && all.every(({ required, passed, different }) => required && passed === required && !different);
console.log(good ? 'The layers change nothing.' : 'Not good.');
process.exit(good ? 0 : 1);
