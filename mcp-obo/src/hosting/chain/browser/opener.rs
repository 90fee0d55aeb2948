//! Opens an address in the browser of whoever sits at this machine.

use std::{io, time::Duration};

use super::super::{tool::Program, values::HostValues, window::Opener};
use crate::boxed::BoxFuture;

/// The desktop's own way.
#[derive(Debug)]
pub(super) struct SystemOpener {
    program: Option<Program>,
    has_screen: bool,
}

/// How long the desktop's program has to say that it cannot; some stay as long as the browser does.
const A_MOMENT: Duration = Duration::from_secs(2);

#[cfg(target_os = "macos")]
const OPEN: (&str, &[&str]) = ("open", &[]);
#[cfg(windows)]
const OPEN: (&str, &[&str]) = ("rundll32", &["url.dll,FileProtocolHandler"]);
#[cfg(not(any(target_os = "macos", windows)))]
const OPEN: (&str, &[&str]) = ("xdg-open", &[]);

impl SystemOpener {
    pub(super) fn new(host: &HostValues) -> Self {
        // Without a screen the desktop's program would start a browser in a terminal that this process does not have.
        let has_screen = cfg!(any(target_os = "macos", windows))
            || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| host.variable(name).is_some());
        Self { program: Program::find(host, &[OPEN.0]), has_screen }
    }

    fn program(&self) -> io::Result<&Program> {
        if !self.has_screen {
            return Err(io::Error::other("there is no screen (DISPLAY and WAYLAND_DISPLAY are not set)"));
        }
        self.program.as_ref().ok_or_else(|| io::Error::other(format!("{} is not on the PATH", OPEN.0)))
    }

    async fn run(&self, address: &str) -> io::Result<()> {
        let arguments: Vec<String> = OPEN.1.iter().copied().chain([address]).map(ToOwned::to_owned).collect();
        let mut command = self.program()?.command(&arguments);
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let mut child = command.spawn()?;
        // One that is still there has opened a window, and may be the window.
        match tokio::time::timeout(A_MOMENT, child.wait()).await {
            Ok(Ok(ended)) if !ended.success() => Err(io::Error::other(format!("{} failed", OPEN.0))),
            _ => Ok(()),
        }
    }
}

impl Opener for SystemOpener {
    fn check(&self) -> io::Result<()> {
        self.program().map(drop)
    }

    fn open<'a>(&'a self, address: &'a str) -> BoxFuture<'a, io::Result<()>> {
        Box::pin(self.run(address))
    }
}
