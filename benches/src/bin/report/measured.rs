//! All rows of a run.

use std::{fs, io, path::Path};

use benches::rows::Row;

/// The rows, in the order in which they were written.
#[derive(Debug, Default)]
pub(crate) struct Measured(pub(crate) Vec<Row>);

/// Why there is no figure.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum Gone {
    /// No program wrote such a row.
    #[error("no row of {who:?} for {what:?} in {table}")]
    Missing {
        /// The table.
        table: String,
        /// The work.
        what: String,
        /// Who should have done it.
        who: String,
    },
    /// A program wrote that it could not be measured.
    #[error("not measured: {0}")]
    Absent(String),
}

impl Measured {
    /// Reads every file of rows in a directory, in the order of their names.
    pub(crate) fn read(directory: &Path) -> io::Result<Self> {
        let mut files = Vec::new();
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "jsonl") {
                files.push(path);
            }
        }
        files.sort();
        let mut rows = Vec::new();
        for file in files {
            for (number, line) in fs::read_to_string(&file)?.lines().enumerate() {
                let at = |error| io::Error::other(format!("{}:{}: {error}", file.display(), number + 1));
                rows.push(serde_json::from_str(line).map_err(at)?);
            }
        }
        Ok(Self(rows))
    }

    /// Returns the rows of one work.
    pub(crate) fn of<'a>(&'a self, table: &'a str, what: &'a str) -> impl Iterator<Item = &'a Row> {
        self.0.iter().filter(move |row| row.table == table && row.what == what)
    }

    /// Returns the figure of one work and one doer, whose version may be left open by a `*`.
    pub(crate) fn value(&self, table: &str, what: &str, who: &str) -> Result<f64, Gone> {
        let missing = || Gone::Missing { table: table.to_owned(), what: what.to_owned(), who: who.to_owned() };
        let row = self.of(table, what).find(|row| is_meant(who, &row.who)).ok_or_else(missing)?;
        row.value.ok_or_else(|| Gone::Absent(row.note.clone().unwrap_or_default()))
    }

    /// Returns the least figure of all peers: of whoever is neither ours nor a limit.
    pub(crate) fn best_peer(&self, table: &str, what: &str) -> Result<f64, Gone> {
        let values = self.of(table, what).filter(|row| is_peer(&row.who)).filter_map(|row| row.value);
        let missing = || Gone::Missing { table: table.to_owned(), what: what.to_owned(), who: "any peer".to_owned() };
        values.min_by(f64::total_cmp).ok_or_else(missing)
    }
}

/// Tells whether somebody is neither ours nor a limit.
pub(crate) fn is_peer(who: &str) -> bool {
    !matches!(who, "limit" | "floor" | "bare" | "rmcp alone")
        && !who.starts_with("without our layers")
        && !is_ours(who)
        && !who.starts_with("moka")
}

/// Tells whether it is ours, in whatever way it was set up.
pub(crate) fn is_ours(who: &str) -> bool {
    who == "ours" || who.starts_with("ours, ")
}

/// Tells whether a name is the wanted one, in which each `*` stands for a version.
pub(crate) fn is_meant(wanted: &str, name: &str) -> bool {
    let Some((before, after)) = wanted.split_once('*') else { return wanted == name };
    let Some(rest) = name.strip_prefix(before) else { return false };
    let version = rest.find([' ', ',']).unwrap_or(rest.len());
    version > 0 && is_meant(after, &rest[version..])
}

#[cfg(test)]
pub(crate) mod tests {
    use benches::rows::Unit;

    use super::*;

    /// Makes rows of tables, works, doers and figures.
    pub(crate) fn rows(rows: &[(&str, &str, &str, Option<f64>)]) -> Measured {
        let row = |(table, what, who, value): &(&str, &str, &str, Option<f64>)| Row {
            table: (*table).to_owned(),
            what: (*what).to_owned(),
            who: (*who).to_owned(),
            value: *value,
            unit: Unit::Ns,
            note: value.is_none().then(|| "no tool".to_owned()),
        };
        Measured(rows.iter().map(row).collect())
    }

    #[test]
    fn a_figure_is_found_by_work_and_doer_or_it_is_said_why_not() {
        let measured = rows(&[
            ("bearer", "a hit", "ours", Some(3.0)),
            ("peers", "a hit", "ours", Some(4.0)),
            ("bearer", "a hit", "some-crate 1.2.3", Some(5.0)),
            ("bearer", "a hit", "other-crate 0.1", Some(4.5)),
            ("bearer", "a hit", "bare", Some(1.0)),
            ("bearer", "a miss", "ours", None),
        ]);
        assert_eq!(measured.value("bearer", "a hit", "ours"), Ok(3.0));
        assert_eq!(measured.value("bearer", "a hit", "some-crate *"), Ok(5.0));
        assert_eq!(measured.best_peer("bearer", "a hit"), Ok(4.5));
        assert_eq!(measured.value("bearer", "a miss", "ours"), Err(Gone::Absent("no tool".to_owned())));
        let missing = measured.value("bearer", "a hit", "some-crate 2 *").unwrap_err();
        assert_eq!(missing.to_string(), r#"no row of "some-crate 2 *" for "a hit" in bearer"#);
        assert!(measured.best_peer("bearer", "a miss").is_err());
    }

    #[test]
    fn a_star_stands_for_one_version() {
        for (wanted, name, expected) in [
            ("msal *", "msal 1.39", true),
            ("msal *", "msal", false),
            ("msal *", "msal-node 7", false),
            ("msal *", "msal 1.39, keyed", false),
            ("msal *, keyed", "msal 1.39, keyed", true),
            ("msal *, keyed", "msal 1.39", false),
            ("a * + b *", "a 1 + b 2.0-rc.1", true),
            ("a * + b *", "a 1 + b ", false),
        ] {
            assert_eq!(is_meant(wanted, name), expected, "{wanted} {name}");
        }
    }

    #[test]
    fn a_line_that_is_no_row_is_an_error_with_its_place() {
        let directory = tempfile::tempdir().unwrap();
        let good = r#"{"table":"bearer","what":"a hit","who":"ours","value":1,"unit":"ns"}"#;
        fs::write(directory.path().join("own.jsonl"), format!("{good}\n{{}}\n")).unwrap();
        fs::write(directory.path().join("other.txt"), "no rows").unwrap();
        let error = Measured::read(directory.path()).unwrap_err().to_string();
        assert!(error.contains("own.jsonl:2: missing field"), "{error}");
        fs::write(directory.path().join("own.jsonl"), format!("{good}\n")).unwrap();
        assert_eq!(Measured::read(directory.path()).unwrap().0.len(), 1);
    }
}
