//! The On-Behalf-Of token cache.
//!
//! For people, Criterion's groups: `cargo bench -p benches --bench token_cache`. For the report, `-- --rows`: each work in turn
//! with its limit, in one run. Compare ratios inside one run; machines are noisy.

mod capacity;
mod events;
mod hits;
mod misses;
mod people;
mod stampede;

use std::io;

use benches::{rows::Sheet, scale::Scale};

fn main() -> io::Result<()> {
    match Scale::of_rows() {
        Some(scale) => rows(scale),
        None => {
            people::run();
            Ok(())
        }
    }
}

fn rows(scale: Scale) -> io::Result<()> {
    let mut sheet = Sheet::open("token_cache")?;
    stampede::measure(&mut sheet)?;
    events::measure(&mut sheet, scale)?;
    misses::measure(&mut sheet, scale)?;
    hits::measure(&mut sheet, scale)?;
    capacity::measure(&mut sheet, scale)
}
