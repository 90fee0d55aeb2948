//! How many allocations each work makes, and how many bytes stay.
//!
//! `cargo bench -p benches --bench allocations -- --rows [--smoke]` writes the rows of the report; without `--rows` there is
//! nothing to do.

mod live;

use std::io;

use allocation_counter::measure;
use benches::{
    Tenant,
    rows::{Sheet, Unit},
    scale::Scale,
    works::Work,
};

fn main() -> io::Result<()> {
    Scale::of_rows().map_or(Ok(()), rows)
}

fn rows(scale: Scale) -> io::Result<()> {
    let mut cache = Sheet::open_as("allocations-token_cache", "token_cache")?;
    let mut bearer = Sheet::open_as("allocations-bearer", "bearer")?;
    let tenant = Tenant::new();
    // So many that moka's housekeeping, which also comes when time has passed, is a small part of each.
    let operations = scale.pick(10_000, 2_000);
    for work in Work::ALL {
        let mut doing = work.prepare(&tenant)?;
        // Caches fill, buffers grow, and what a cache postpones comes round.
        doing(operations);
        let counted = measure(|| doing(operations)).count_total as f64 / operations as f64;
        let sheet = if work.table() == "bearer" { &mut bearer } else { &mut cache };
        sheet.row(&format!("{}, allocations", work.what()), work.who(), counted, Unit::Allocations)?;
    }
    live::cached_tokens(&mut cache, scale)?;
    live::verdicts(&mut bearer, scale)?;
    live::flood(&mut bearer, scale)
}
