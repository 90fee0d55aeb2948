//! Runs a program: without a shell, bounded in time and output, and gone when nobody waits for it.

use std::{
    env::split_paths,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::{Child, Command},
};
use zeroize::Zeroizing;

use super::environment;
use crate::hosting::chain::values::HostValues;

/// Far more than a token with what stands around it.
const LIMIT: usize = 64 * 1024;

/// A program's file, and the environment that it runs in.
#[derive(Debug)]
pub(in super::super) struct Program {
    path: PathBuf,
    environment: Vec<(OsString, OsString)>,
}

/// What a program wrote.
pub(super) struct Output {
    pub(super) succeeded: bool,
    /// With a token in it, if all went well.
    pub(super) stdout: Zeroizing<Vec<u8>>,
    stderr: Vec<u8>,
}

/// Why a program gave no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("did not answer within {} s", after.as_secs_f32())]
    Late { after: Duration },
    #[error("wrote more than {} KiB", LIMIT / 1024)]
    TooMuch,
    #[error("could not be run: {0}")]
    Io(io::ErrorKind),
}

impl Program {
    /// Finds a program by the host's `PATH`, of which only absolute folders count: a relative one would mean that the program
    /// comes from wherever this process happens to stand.
    pub(in super::super) fn find(host: &HostValues, names: &[&str]) -> Option<Self> {
        let folders: Vec<PathBuf> = split_paths(host.variable("PATH")?).filter(|folder| folder.is_absolute()).collect();
        // On Windows the files end like this; the shell, which knows more endings, is not asked.
        let endings: &[&str] = if cfg!(windows) { &[".exe", ".cmd"] } else { &[""] };
        let files = names.iter().flat_map(|name| {
            let places = folders.iter().flat_map(|folder| endings.iter().map(move |ending| (folder, ending)));
            places.map(move |(folder, ending)| folder.join(format!("{name}{ending}")))
        });
        let path = files.into_iter().find(|file| is_program(file))?;
        Some(Self { path, environment: environment::without_secrets(&host.environment) })
    }

    /// Prepares it to run with these arguments, each of which stays one.
    pub(in super::super) fn command(&self, arguments: &[String]) -> Command {
        let mut command = Command::new(&self.path);
        command.args(arguments).env_clear().envs(self.environment.iter().cloned());
        command.stdin(Stdio::null()).current_dir(self.stand());
        // So that what it starts can be ended with it, and that a key pressed in this process's terminal is not its business.
        #[cfg(unix)]
        command.process_group(0);
        command
    }

    /// Runs it to its end.
    pub(super) async fn run(&self, arguments: &[String], patience: Duration) -> Result<Output, Fault> {
        let mut command = self.command(arguments);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().map_err(broken)?;
        let mut running = Running(child);
        let (Some(stdout), Some(stderr)) = (running.0.stdout.take(), running.0.stderr.take()) else {
            return Err(Fault::Io(io::ErrorKind::BrokenPipe));
        };
        let answered = async {
            let (stdout, stderr) = tokio::try_join!(read(stdout), read(stderr))?;
            // Waited for last: until then the group's number is its own, and can be told to end.
            let succeeded = running.0.wait().await.map_err(broken)?.success();
            Ok(Output { succeeded, stdout, stderr: stderr.to_vec() })
        };
        tokio::time::timeout(patience, answered).await.unwrap_or(Err(Fault::Late { after: patience }))
    }

    /// A folder where nobody but an administrator can leave a file for the program to find: Python, for one, looks for modules
    /// where it stands. On Windows it is the program's own, whose owner owns the program.
    fn stand(&self) -> &Path {
        if cfg!(unix) { Path::new("/") } else { self.path.parent().unwrap_or(&self.path) }
    }
}

impl Output {
    /// Returns what it said, for people: some of them write errors to the wrong stream.
    pub(super) fn text(&self) -> Zeroizing<String> {
        let bytes = if self.stderr.trim_ascii().is_empty() { &*self.stdout } else { &self.stderr };
        Zeroizing::new(String::from_utf8_lossy(bytes).into_owned())
    }
}

/// A program that runs; it ends when nobody waits for it any more.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // `az` is a script that waits for Python, and ending the script alone would leave Python behind. A program that was
        // waited for has no number any more, and is not looked for.
        #[cfg(unix)]
        if let Some(group) = self.0.id().and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?))
            && let Err(why) = rustix::process::kill_process_group(group, rustix::process::Signal::KILL)
        {
            tracing::debug!(target: "mcp_obo::hosting", cause = %why, "a developer tool had ended already");
        }
    }
}

async fn read(stream: impl AsyncRead + Unpin) -> Result<Zeroizing<Vec<u8>>, Fault> {
    // Room for all of it at once, or growing would leave copies of the token behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LIMIT + 64));
    stream.take(LIMIT as u64 + 1).read_to_end(&mut bytes).await.map_err(broken)?;
    if bytes.len() > LIMIT { Err(Fault::TooMuch) } else { Ok(bytes) }
}

fn broken(why: io::Error) -> Fault {
    Fault::Io(why.kind())
}

#[cfg(unix)]
fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(file).is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|about| about.is_file())
}
