//! How many instructions each work takes: the same number on a busy machine as on an idle one.
//!
//! `cargo bench -p benches --bench instructions -- --rows [--smoke]` writes the rows of the report; without `--rows` there is
//! nothing to do. The program starts itself under valgrind's callgrind, once for each work, and has it count inside one
//! function only. Valgrind does not know every instruction of a new processor, so libraries may take slower ways under it:
//! compare these counts with each other.

mod callgrind;

use std::{
    env,
    io::{self, Read as _},
};

use benches::{
    Tenant,
    rows::{Sheet, Unit},
    scale::Scale,
    works::{Doing, Work},
};

const NOTE: &str = "inside valgrind, which knows fewer instructions than the processor: compare counts with each other";

/// The argument by which the program knows that it is the one to be watched.
const WATCHED: &str = "--watched";

fn main() -> io::Result<()> {
    let mut arguments = env::args().skip_while(|argument| argument != WATCHED).skip(1);
    match (arguments.next(), arguments.next()) {
        (Some(work), Some(operations)) => watched(&work, &operations),
        _ => Scale::of_rows().map_or(Ok(()), rows),
    }
}

fn rows(scale: Scale) -> io::Result<()> {
    let mut cache = Sheet::open_as("instructions-token_cache", "token_cache")?;
    let mut bearer = Sheet::open_as("instructions-bearer", "bearer")?;
    let key = Tenant::new().key();
    let is_there = callgrind::is_there();
    for (number, work) in Work::ALL.into_iter().enumerate() {
        let sheet = if work.table() == "bearer" { &mut bearer } else { &mut cache };
        let what = format!("{}, instructions", work.what());
        if !is_there {
            sheet.absent(&what, work.who(), Unit::Instructions, "there is no valgrind that runs here")?;
            continue;
        }
        let operations = scale.pick(1_000, 20);
        let arguments = [WATCHED, &number.to_string(), &operations.to_string()];
        let counted = callgrind::count(&arguments, &key, "operations_that_count")?;
        let each = counted as f64 / f64::from(operations);
        sheet.noted(&what, work.who(), each, Unit::Instructions, NOTE)?;
    }
    Ok(())
}

/// Does one work, with the key that comes through standard input.
fn watched(work: &str, operations: &str) -> io::Result<()> {
    let work: usize = work.parse().map_err(io::Error::other)?;
    let operations = operations.parse().map_err(io::Error::other)?;
    let mut key = Vec::new();
    io::stdin().read_to_end(&mut key)?;
    let tenant = Tenant::of_key(&key)?;
    let mut doing = Work::ALL[work].prepare(&tenant)?;
    doing(operations);
    operations_that_count(&mut doing, operations);
    Ok(())
}

/// The one function inside which instructions count: found by its name, so it must stay one.
#[inline(never)]
fn operations_that_count(doing: &mut Doing<'_>, operations: u64) {
    doing(operations);
}
