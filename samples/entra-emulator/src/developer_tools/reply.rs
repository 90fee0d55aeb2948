//! What a tool prints, and how it ends.

/// The end of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reply {
    code: u8,
    stdout: String,
    stderr: String,
}

impl Reply {
    pub(super) fn printed(stdout: impl Into<String>) -> Self {
        Self { stdout: stdout.into(), ..Self::default() }
    }

    pub(super) fn failed(stderr: impl Into<String>) -> Self {
        Self { code: 1, stderr: stderr.into(), ..Self::default() }
    }

    pub(super) const fn with_code(mut self, code: u8) -> Self {
        self.code = code;
        self
    }

    /// Puts in front of it what profiles, extensions and update checks print.
    pub(super) fn with_banner(mut self) -> Self {
        self.stdout = format!("Welcome to the build machine of Contoso.\n\n{}", self.stdout);
        let warning = "WARNING: You have 2 update(s) available.";
        self.stderr = format!("{warning}\n{}", self.stderr);
        self
    }

    /// Writes it as the scripts read it.
    pub(super) fn write(&self) -> String {
        let of =
            |stream: char, text: &str| -> String { text.lines().map(|line| format!("{stream}{line}\n")).collect() };
        format!("{}\n{}{}", self.code, of('2', &self.stderr), of('1', &self.stdout))
    }
}
