//! Which rows a run must bring.

use std::io;

use benches::{
    rows::{Row, Unit},
    scale::Scale,
};

use crate::measured::{Measured, is_meant};

const LIST: &str = include_str!("expected.txt");

/// Fails when rows are missing, are there twice, are in no list, or say what cannot be; names each.
pub(crate) fn check(measured: &Measured, scale: Scale) -> io::Result<()> {
    check_against(LIST, measured, scale)
}

/// Returns the works of a table in the order of the list.
pub(crate) fn works(table: &str) -> impl Iterator<Item = &str> {
    rows_of(LIST).filter(move |row| row.0 == table).map(|row| row.1)
}

fn check_against(list: &str, measured: &Measured, scale: Scale) -> io::Result<()> {
    let mut faults = Vec::new();
    for (table, what, who) in rows_of(list) {
        let fault = match measured.of(table, what).filter(|row| is_meant(who, &row.who)).count() {
            1 => continue,
            0 => "missing",
            _ => "there more than once",
        };
        faults.push(format!("\n  {fault}: {table}: {what} | {who}"));
    }
    for row in &measured.0 {
        if let Some(fault) = fault_of(list, row, scale) {
            faults.push(format!("\n  {fault}: {}: {} | {}", row.table, row.what, row.who));
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(io::Error::other(format!("{} rows are not as they must be:{}", faults.len(), faults.concat())))
}

fn fault_of(list: &str, row: &Row, scale: Scale) -> Option<&'static str> {
    let is_listed =
        |(table, what, who): (&str, &str, &str)| table == row.table && what == row.what && is_meant(who, &row.who);
    let may_be_nothing = matches!(row.unit, Unit::Allocations | Unit::Bytes | Unit::Calls);
    match row.value {
        _ if !rows_of(list).any(is_listed) => Some("not in the list"),
        None if row.note.as_deref().is_none_or(|note| note.trim().is_empty()) => {
            Some("not measured, and nobody says why")
        }
        Some(value) if value < 0.0 => Some("less than nothing"),
        // What is too short for the system's clock takes no time, and a smoke run is short.
        Some(value) if value == 0.0 && !may_be_nothing && scale == Scale::Full => Some("nothing"),
        _ => None,
    }
}

/// Reads the list: a table in brackets, then lines of a work and everybody who does it.
fn rows_of(list: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    let lines = list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let works = lines.scan("", |table, line| match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
        Some(name) => {
            *table = name;
            Some(None)
        }
        None => Some(Some((*table, line))),
    });
    works.flatten().flat_map(|(table, line)| {
        let mut parts = line.split(" | ");
        let what = parts.next().unwrap_or_default();
        parts.map(move |who| (table, what, who))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measured::tests::rows;

    const SMALL: &str = "# a remark\n[bearer]\na hit | ours | some-crate *\n\n[peers]\na call | ours\n";

    fn small() -> Measured {
        rows(&[
            ("bearer", "a hit", "ours", Some(1.0)),
            ("bearer", "a hit", "some-crate 1.0", None),
            ("peers", "a call", "ours", Some(2.0)),
        ])
    }

    fn faults(measured: &Measured, scale: Scale) -> String {
        check_against(SMALL, measured, scale).err().map_or_else(String::new, |error| error.to_string())
    }

    #[test]
    fn every_missing_row_is_named() {
        let measured = rows(&[("bearer", "a hit", "ours", Some(1.0))]);
        assert_eq!(
            faults(&measured, Scale::Smoke),
            "2 rows are not as they must be:\n  missing: bearer: a hit | some-crate *\n  missing: peers: a call | ours"
        );
    }

    #[test]
    fn a_row_that_says_what_cannot_be_is_named() {
        type Change = fn(&mut Vec<Row>);
        let table: [(&str, Change, &str, &str); 6] = [
            ("as it must be", |_| {}, "", ""),
            ("twice", |all| all.push(all[0].clone()), "there more than once: bearer", "there more than once: bearer"),
            (
                "a slip of the pen",
                |all| all[0].what += "s",
                "missing: bearer: a hit | ours",
                "not in the list: bearer: a hits",
            ),
            ("no reason", |all| all[1].note = None, "nobody says why", "nobody says why"),
            ("negative", |all| all[2].value = Some(-1.0), "less than nothing", "less than nothing"),
            ("no time at all", |all| all[2].value = Some(0.0), "", "nothing: peers: a call"),
        ];
        for (name, change, smoke, full) in table {
            let mut measured = small();
            change(&mut measured.0);
            for (scale, expected) in [(Scale::Smoke, smoke), (Scale::Full, full)] {
                let faults = faults(&measured, scale);
                assert!(faults.contains(expected) && faults.is_empty() == expected.is_empty(), "{name}: {faults}");
            }
        }
    }

    #[test]
    fn what_is_counted_may_be_none() {
        let mut measured = small();
        (measured.0[2].value, measured.0[2].unit) = (Some(0.0), Unit::Bytes);
        assert_eq!(faults(&measured, Scale::Full), "");
    }

    #[test]
    fn the_list_of_this_repository_names_every_table_and_nothing_twice() {
        let mut rows: Vec<_> = rows_of(LIST).collect();
        for table in ["token_cache", "bearer", "full_stack", "peers"] {
            assert!(rows.iter().any(|row| row.0 == table), "{table}");
        }
        let count = rows.len();
        rows.sort_unstable();
        rows.dedup();
        assert_eq!(rows.len(), count);
    }
}
