//! The report as a page.

use std::fmt::Write as _;

use benches::rows::Row;

use crate::{
    expected,
    figure::{number, written},
    goals::Judged,
    machine::Machine,
    measured::Measured,
    plots::Plot,
};

/// The tables, with their headings and what a reader must know.
const TABLES: [(&str, &str, &str); 4] = [
    (
        "token_cache",
        "The cache of exchanged tokens",
        "The limit is a bare `moka::future` cache with a ready key, and an expiry for each entry.",
    ),
    (
        "bearer",
        "Who calls: the check of a token",
        "Through the whole layer, the building of the request included: subtract `bare`, which is the service alone. `floor` puts \
         one `Arc` into the request's extensions. What is not over HTTP was measured by several processes one after the other, and \
         each figure is the middle one of theirs.",
    ),
    ("full_stack", "The whole server", "The same server, with and without what these libraries add to it."),
    (
        "peers",
        "Other languages",
        "What PyPI and npm have, on this machine, against the same emulator of Entra and Graph.",
    ),
];

/// Writes the page.
pub(crate) fn render(measured: &Measured, goals: &[Judged], plots: &[Plot], machine: &Machine) -> String {
    let mut page = String::from("# What was measured\n\n");
    let Machine { processor, cores, system, rustc, commit, date, command } = machine;
    let _ = writeln!(
        page,
        "`{command}` wrote this page on {date}, of commit {commit}, on {cores} cores of {processor}, {system}, with {rustc}; all \
         Rust in it is built as what is deployed, by `--profile production`.\n\
         Compare ratios, not absolutes. Times and rates of one table were taken in one run, round after round and in turn, and \
         each is the median of its rounds; only the MSAL libraries' own calls were measured one after the other. Counts, bytes \
         and shares of hits were taken once. Times of Rust code without HTTP are processor time of the thread that does it; all \
         others are time that passes.\n"
    );
    write_goals(&mut page, goals);
    for plot in plots {
        let _ = writeln!(page, "![{}](plots/{})\n", plot.title, plot.file);
    }
    for (table, heading, remark) in TABLES {
        let _ = writeln!(page, "## {heading}\n\n{remark}\n");
        write_table(&mut page, measured, table);
    }
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

fn write_goals(page: &mut String, goals: &[Judged]) {
    page.push_str("## Goals\n\n| goal | measured | bound | |\n|---|---|---|---|\n");
    for goal in goals {
        let _ = writeln!(page, "| {} | {} | {} | {} |", goal.sentence, goal.measured(), goal.bound(), goal.verdict());
    }
    page.push('\n');
}

fn write_table(page: &mut String, measured: &Measured, table: &str) {
    page.push_str("| what | who | | ÷ ours | ÷ limit, else bare |\n|---|---|---|---|---|\n");
    let mut notes: Vec<&str> = Vec::new();
    for what in works(measured, table) {
        let rows: Vec<&Row> = measured.of(table, what).collect();
        let value_of = |who: &str| rows.iter().find(|row| row.who == who).and_then(|row| row.value);
        let (ours, limit) = (value_of("ours"), value_of("limit").or_else(|| value_of("bare")));
        for row in &rows {
            let mark =
                row.note.as_deref().map_or_else(String::new, |note| format!(" [{}]", number_of(note, &mut notes)));
            let figure = row.value.map_or_else(|| "not measured".to_owned(), |value| written(value, row.unit));
            let _ = writeln!(
                page,
                "| {} | {} | {figure}{mark} | {} | {} |",
                row.what,
                row.who,
                ratio(row.value, ours),
                ratio(row.value, limit)
            );
        }
    }
    page.push('\n');
    for (at, note) in notes.iter().enumerate() {
        let _ = writeln!(page, "{}. {note}", at + 1);
    }
    if !notes.is_empty() {
        page.push('\n');
    }
}

/// Returns the works of a table, each once: in the order of the list, and then whatever else came.
fn works<'a>(measured: &'a Measured, table: &'a str) -> Vec<&'a str> {
    let came = || measured.0.iter().filter(|row| row.table == table).map(|row| row.what.as_str());
    let mut works: Vec<&str> = Vec::new();
    for what in expected::works(table).filter(|what| came().any(|one| one == *what)).chain(came()) {
        if !works.contains(&what) {
            works.push(what);
        }
    }
    works
}

/// Returns the number of a note, which is kept once however often it is said.
fn number_of<'a>(note: &'a str, notes: &mut Vec<&'a str>) -> usize {
    let at = notes.iter().position(|one| *one == note).unwrap_or_else(|| {
        notes.push(note);
        notes.len() - 1
    });
    at + 1
}

fn ratio(value: Option<f64>, to: Option<f64>) -> String {
    match (value, to) {
        (Some(value), Some(to)) if to != 0.0 => number(value / to),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{goals, measured::tests::rows};

    fn machine() -> Machine {
        Machine {
            processor: "a processor".to_owned(),
            cores: 2,
            system: "a system".to_owned(),
            rustc: "rustc 1".to_owned(),
            commit: "abc".to_owned(),
            date: "2026-01-01".to_owned(),
            command: "benches/run",
        }
    }

    #[test]
    fn a_page_has_figures_ratios_notes_and_goals() {
        let measured = rows(&[
            ("bearer", "a hit", "bare", Some(100.0)),
            ("bearer", "a hit", "ours", Some(400.0)),
            ("bearer", "a hit", "some-crate 1.0", Some(20_000.0)),
            ("bearer", "a miss", "ours", None),
            ("bearer", "another", "ours", None),
        ]);
        let page = render(&measured, &goals::judge(&measured), &[], &machine());
        for line in [
            "`benches/run` wrote this page on 2026-01-01, of commit abc, on 2 cores of a processor, a system, with rustc 1; all \
             Rust in it is built as what is deployed, by `--profile production`.",
            "| a hit | ours | 400 ns | 1 | 4 |",
            "| a hit | some-crate 1.0 | 20 µs | 50 | 200 |",
            "| a miss | ours | not measured [1] |  |  |",
            "| another | ours | not measured [1] |  |  |",
            "1. no tool",
        ] {
            assert!(page.lines().any(|one| one == line), "{line}\n{page}");
        }
        assert!(!page.contains("\n2. "), "one note, once");
        assert!(page.contains("| not measured |"), "a goal without its rows");
    }

    #[test]
    fn the_same_rows_make_the_same_page() {
        let measured = rows(&[("peers", "a call", "ours", Some(1.5))]);
        let page = || render(&measured, &goals::judge(&measured), &[], &machine());
        assert_eq!(page(), page());
    }
}
