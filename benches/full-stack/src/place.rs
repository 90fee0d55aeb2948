//! Which processor does what.

use std::{
    env,
    process::{Command, Stdio},
    thread,
};

use crate::Failure;

const PINNED: &str = "--pinned";

/// Where this program runs.
pub(crate) enum Place {
    /// It ran again on the generator's processor, and ended with this status.
    Elsewhere(i32),
    /// It is where it should be.
    Here(Processors),
}

/// Which processor the children are put on; none where that cannot be chosen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Processors {
    /// For the server that is measured.
    pub(crate) server: Option<usize>,
    /// For all others.
    pub(crate) other: Option<usize>,
}

impl Place {
    pub(crate) fn of(arguments: &[String]) -> Result<Self, Failure> {
        if arguments.iter().any(|argument| argument == PINNED) {
            return Ok(Self::Here(Processors { server: Some(0), other: Some(1) }));
        }
        let nowhere = Self::Here(Processors { server: None, other: None });
        if thread::available_parallelism()?.get() < 2 || !["0", "1"].into_iter().all(can_be_chosen) {
            return Ok(nowhere);
        }
        match on(Some(1), &env::current_exe()?).args(arguments).arg(PINNED).status() {
            Ok(status) => Ok(Self::Elsewhere(status.code().unwrap_or(1))),
            Err(_) => Ok(nowhere),
        }
    }
}

/// Tells whether there is a `taskset`, and whether this program may use that processor: a container may be given others.
fn can_be_chosen(processor: &str) -> bool {
    let tried = Command::new("taskset").args(["-c", processor, "true"]).stderr(Stdio::null()).status();
    tried.is_ok_and(|status| status.success())
}

impl Processors {
    /// Says it to the reader of a row.
    pub(crate) const fn note(self) -> &'static str {
        match self.server {
            Some(_) => "server on one processor, generator on another",
            None => "server and generator share the processors",
        }
    }
}

/// Prepares to run a program on a processor.
pub(crate) fn on(processor: Option<usize>, program: &std::path::Path) -> Command {
    let Some(processor) = processor else { return Command::new(program) };
    let mut command = Command::new("taskset");
    command.args(["-c", &processor.to_string()]).arg(program);
    command
}
