// The rows that are printed.

const rows = [];

// Tries one thing; what it returns is printed beside it, and what it throws makes the row fail.
export async function row(scene, what, attempt) {
    let result;
    try {
        result = { good: true, text: (await attempt()) ?? '' };
    } catch (error) {
        const [first] = String(error.message ?? error).split('\n');
        result = { good: false, text: process.env.WHOLE_ERRORS ? String(error.stack) : first };
    }
    rows.push(result);
    const text = result.text ? `  (${result.text})` : '';
    console.log(`${result.good ? 'passed' : 'FAILED'}  ${scene.padEnd(18)}  ${what}${text}`);
}

export function skip(scene, what, why) {
    rows.push({ good: true, skipped: true });
    console.log(`skipped ${scene.padEnd(18)}  ${what}  (${why})`);
}

// Prints the sums, and returns the exit status.
export function close() {
    const failed = rows.filter((one) => !one.good).length;
    const skipped = rows.filter((one) => one.skipped).length;
    console.log(`\n${rows.length - failed - skipped} passed, ${failed} failed, ${skipped} skipped`);
    return failed === 0 && rows.length > 0 ? 0 : 1;
}
