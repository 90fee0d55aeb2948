//! The table `bearer`, several times over, each time by a process of its own.
//!
//! Where code and data happen to lie makes a process some per cent faster or slower for as long as it lives, and one crate more
//! than another. So one process, however long it measures, says less than the middle one of several.

use std::{
    env,
    io::{self, Write as _, stdout},
    process::{Command, Stdio},
};

use benches::{
    rounds::median,
    rows::{Row, Sheet},
    scale::Scale,
};

use crate::{stacks::Failure, table};

/// What a process is told that measures the table once.
pub const ONCE: &str = "once";

/// Measures the table and prints its rows, a line of JSON for each.
///
/// # Errors
/// When somebody cannot be set up, or nobody reads.
pub fn print(scale: Scale) -> Result<(), Failure> {
    let mut out = stdout().lock();
    for row in table::measure(scale)? {
        writeln!(out, "{}", serde_json::to_string(&row)?)?;
    }
    Ok(())
}

/// Lets several processes measure the table, one after the other, and writes the medians of what they found.
///
/// # Errors
/// When one of them fails, or a row cannot be written.
pub fn write(scale: Scale, sheet: &mut Sheet) -> Result<(), Failure> {
    let tables = (0..scale.pick(7, 1)).map(|_| once()).collect::<Result<Vec<_>, _>>()?;
    for row in medians(tables)? {
        sheet.put(&row)?;
    }
    Ok(())
}

fn once() -> Result<Vec<Row>, Failure> {
    let own = env::args().skip(1);
    let told = Command::new(env::current_exe()?).arg(ONCE).args(own).stderr(Stdio::inherit()).output()?;
    if !told.status.success() {
        return Err(format!("a process that measures ended with {}", told.status).into());
    }
    Ok(str::from_utf8(&told.stdout)?.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

/// Joins tables of the same rows in the same order.
fn medians(tables: Vec<Vec<Row>>) -> io::Result<Vec<Row>> {
    let first = tables.first().cloned().unwrap_or_default();
    let joined = first.into_iter().enumerate().map(|(at, row)| {
        let of_same = |table: &Vec<Row>| {
            let same = table.get(at).filter(|other| (&other.what, &other.who) == (&row.what, &row.who));
            same.and_then(|same| same.value)
        };
        let values: Option<Vec<_>> = tables.iter().map(of_same).collect();
        let missing = || io::Error::other(format!("{:?} of {:?} is not in all tables", row.what, row.who));
        let value = median(&values.ok_or_else(missing)?);
        Ok(Row { value: Some(value), ..row })
    });
    joined.collect()
}

#[cfg(test)]
mod tests {
    use benches::rows::Unit;

    use super::*;

    fn row(who: &str, value: f64) -> Row {
        let (table, what) = ("bearer".to_owned(), "a new token".to_owned());
        Row { table, what, who: who.to_owned(), value: Some(value), unit: Unit::Ns, note: Some("noted".to_owned()) }
    }

    #[test]
    fn a_row_is_the_median_of_the_tables() {
        let table = |ours, peer| vec![row("ours", ours), row("a peer 1.0", peer)];
        let joined = medians(vec![table(3.0, 10.0), table(1.0, 30.0), table(2.0, 20.0)]).unwrap();
        assert_eq!(joined, table(2.0, 20.0));
    }

    #[test]
    fn tables_of_other_rows_are_not_joined() {
        assert!(medians(vec![vec![row("ours", 1.0)], vec![row("a peer 1.0", 1.0)]]).is_err());
        assert!(medians(vec![vec![row("ours", 1.0)], Vec::new()]).is_err());
        // What is no number comes as nothing from another process.
        assert!(medians(vec![vec![Row { value: None, ..row("ours", 1.0) }], vec![row("ours", 1.0)]]).is_err());
    }
}
