//! Reads the rows of all measuring programs, checks that none is missing, and writes the report with its plots. Fails when a goal
//! is missed that depends on the code alone.
//!
//! `report [--smoke]`: of a full run into `benches`, of a smoke run beside the rows.

mod expected;
mod figure;
mod goals;
mod machine;
mod measured;
mod page;
mod plots;

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use benches::{rows, scale::Scale};

use self::{goals::Judged, machine::Machine, measured::Measured};

fn main() -> ExitCode {
    match run(Scale::of_arguments()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where even this cannot be said, the exit code says it.
            let _ = writeln!(io::stderr(), "report: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(scale: Scale) -> io::Result<()> {
    let measured = Measured::read(&rows::directory())?;
    expected::check(&measured, scale)?;
    let judged = goals::judge(&measured);
    let to: PathBuf = scale.pick(Path::new(env!("CARGO_MANIFEST_DIR")).to_owned(), rows::directory());
    let plots = plots::draw(&measured).map_err(io::Error::other)?;
    fs::create_dir_all(to.join("plots"))?;
    for plot in &plots {
        fs::write(to.join("plots").join(plot.file), &plot.svg)?;
    }
    let machine = Machine::of_this_run(scale)?;
    fs::write(to.join("RESULTS.md"), page::render(&measured, &judged, &plots, &machine))?;
    tell(scale, &judged, &to)
}

fn tell(scale: Scale, judged: &[Judged], to: &Path) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for one in judged {
        writeln!(out, "{:<13} {} (measured {}, {})", one.verdict(), one.sentence, one.measured(), one.bound())?;
    }
    let held = judged.iter().filter(|one| one.is_held()).count();
    let remark = scale.pick("", "; a smoke run's figures mean nothing");
    writeln!(out, "{held} of {} goals held{remark}", judged.len())?;
    writeln!(out, "written: {}", to.join("RESULTS.md").display())?;
    match judged.iter().find(|one| one.is_missed_anywhere()) {
        Some(one) => Err(io::Error::other(format!("missed, and on no machine held: {}", one.sentence))),
        None => Ok(()),
    }
}
