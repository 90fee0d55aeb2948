//! This program, watched by valgrind's callgrind.

use std::{
    env, fs,
    io::{self, Write as _},
    process::{Command, Stdio},
};

/// Tells whether valgrind is installed and can run a program here: it cannot where the system's loader has no symbols.
pub(crate) fn is_there() -> bool {
    let tried =
        Command::new("valgrind").args(["--tool=none", "true"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    tried.is_ok_and(|status| status.success())
}

/// Starts this program with these arguments and this input, and returns the instructions inside a function.
pub(crate) fn count(arguments: &[&str], input: &[u8], function: &str) -> io::Result<u64> {
    let directory = tempfile::tempdir()?;
    let counts = directory.path().join("counts");
    let mut out = std::ffi::OsString::from("--callgrind-out-file=");
    out.push(&counts);
    let mut child = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet", &format!("--toggle-collect=*{function}*")])
        .arg(out)
        .arg(env::current_exe()?)
        .args(arguments)
        .stdin(Stdio::piped())
        .spawn()?;
    // Taken and dropped, so that the child sees its end.
    child.stdin.take().ok_or_else(|| io::Error::other("the child has no input"))?.write_all(input)?;
    let status = child.wait()?;
    if !status.success() {
        return Err(io::Error::other(format!("callgrind ended with {status}")));
    }
    let text = fs::read_to_string(counts)?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals: ")).and_then(|total| total.trim().parse().ok());
    match total {
        // Nothing at all means that the function was not found, and no program takes nothing.
        Some(0) | None => Err(io::Error::other("callgrind counted nothing")),
        Some(total) => Ok(total),
    }
}
