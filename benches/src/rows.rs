//! The rows that measuring programs write and the report reads: JSON lines, one file for each program.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// What a value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Unit {
    /// Nanoseconds.
    Ns,
    /// Microseconds.
    Us,
    /// Milliseconds.
    Ms,
    /// Requests per second.
    #[serde(rename = "req/s")]
    PerSecond,
    /// Allocations per operation.
    Allocations,
    /// Instructions per operation.
    Instructions,
    /// Bytes.
    Bytes,
    /// Millions of bytes.
    #[serde(rename = "MB")]
    Megabytes,
    /// Calls of another server.
    Calls,
    /// Hundredths.
    Percent,
    /// One figure divided by another.
    Ratio,
}

/// One measured figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The table of the report: `token_cache`, `bearer`, `full_stack` or `peers`.
    pub table: String,
    /// The work.
    pub what: String,
    /// Who did it: `ours`, `limit`, `floor`, `bare`, or a peer's name and version.
    pub who: String,
    /// The figure; nothing where it could not be measured, and then the note says why.
    pub value: Option<f64>,
    /// What the figure counts.
    pub unit: Unit,
    /// What a reader must know beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Where one program writes its rows of one table.
#[derive(Debug)]
pub struct Sheet {
    file: File,
    table: String,
}

impl Sheet {
    /// Opens the file that is named as the table is, and empties it.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn open(table: &str) -> io::Result<Self> {
        Self::open_as(table, table)
    }

    /// Opens the file of this program, and empties it: several may fill one table.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn open_as(source: &str, table: &str) -> io::Result<Self> {
        Self::open_in(&directory(), source, table)
    }

    fn open_in(directory: &Path, source: &str, table: &str) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let file = File::create(directory.join(format!("{source}.jsonl")))?;
        Ok(Self { file, table: table.to_owned() })
    }

    /// Writes a row.
    ///
    /// # Errors
    /// When the file cannot be written, or the value is no number.
    pub fn row(&mut self, what: &str, who: &str, value: f64, unit: Unit) -> io::Result<()> {
        self.write(what, who, Some(value), unit, None)
    }

    /// Writes a row, and what a reader must know beside it.
    ///
    /// # Errors
    /// When the file cannot be written, or the value is no number.
    pub fn noted(&mut self, what: &str, who: &str, value: f64, unit: Unit, note: &str) -> io::Result<()> {
        self.write(what, who, Some(value), unit, Some(note))
    }

    /// Writes that a row could not be measured here, and why.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn absent(&mut self, what: &str, who: &str, unit: Unit, why: &str) -> io::Result<()> {
        self.write(what, who, None, unit, Some(why))
    }

    fn write(&mut self, what: &str, who: &str, value: Option<f64>, unit: Unit, note: Option<&str>) -> io::Result<()> {
        let note = note.map(str::to_owned);
        self.put(&Row { table: self.table.clone(), what: what.to_owned(), who: who.to_owned(), value, unit, note })
    }

    /// Writes a row as it is.
    ///
    /// # Errors
    /// When the file cannot be written, or the value is no number.
    pub fn put(&mut self, row: &Row) -> io::Result<()> {
        // JSON knows no infinity: it would come out as a row that was not measured.
        if row.value.is_some_and(|value| !value.is_finite()) {
            return Err(io::Error::other(format!("{:?} of {:?} is no number", row.what, row.who)));
        }
        let mut line = serde_json::to_string(row)?;
        line.push('\n');
        // Whole lines at once, so that what was measured stays when a later measurement fails.
        self.file.write_all(line.as_bytes())
    }
}

/// Returns the directory of the rows: `BENCH_ROWS`, else `bench-rows` in Cargo's target directory.
#[must_use]
pub fn directory() -> PathBuf {
    if let Some(directory) = variable("BENCH_ROWS") {
        return directory;
    }
    let target = variable("CARGO_TARGET_DIR");
    target.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target")).join("bench-rows")
}

#[allow(clippy::disallowed_methods, reason = "the one reader here: `cargo bench` hands its places on in no other way")]
fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_sheet_writes_is_read_as_the_same_rows() {
        let directory = tempfile::tempdir().unwrap();
        let mut sheet = Sheet::open_in(directory.path(), "own", "bearer").unwrap();
        sheet.row("a known token", "ours", 542.5, Unit::Ns).unwrap();
        sheet.noted("over HTTP", "a peer 1.0", 3.0, Unit::PerSecond, "one core").unwrap();
        sheet.absent("a hit", "ours", Unit::Instructions, "valgrind is not installed").unwrap();

        let text = fs::read_to_string(directory.path().join("own.jsonl")).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], r#"{"table":"bearer","what":"a known token","who":"ours","value":542.5,"unit":"ns"}"#);
        let rows: Vec<Row> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((rows[1].unit, rows[1].note.as_deref()), (Unit::PerSecond, Some("one core")));
        assert_eq!((rows[2].value, rows[2].note.as_deref()), (None, Some("valgrind is not installed")));
    }

    #[test]
    fn a_value_that_is_no_number_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let mut sheet = Sheet::open_in(directory.path(), "own", "bearer").unwrap();
        assert!(sheet.row("nothing", "ours", f64::NAN, Unit::Ns).is_err());
        assert!(sheet.row("nothing", "ours", 1.0 / 0.0, Unit::Ns).is_err());
    }
}
