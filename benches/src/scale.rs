//! How much a run measures.

/// The size of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scale {
    /// What is published: long enough for a steady median.
    Full,
    /// Every row in seconds: its figures mean nothing, its presence does.
    Smoke,
}

impl Scale {
    /// Reads `--smoke` from the program's arguments.
    #[must_use]
    pub fn of_arguments() -> Self {
        if std::env::args().any(|argument| argument == "--smoke") { Self::Smoke } else { Self::Full }
    }

    /// Returns the scale where the arguments ask for rows by `--rows`.
    ///
    /// A bench target has two ways to run: Criterion's for people, and this one for the report.
    #[must_use]
    pub fn of_rows() -> Option<Self> {
        std::env::args().any(|argument| argument == "--rows").then(Self::of_arguments)
    }

    /// Chooses by the scale.
    pub fn pick<T>(self, full: T, smoke: T) -> T {
        match self {
            Self::Full => full,
            Self::Smoke => smoke,
        }
    }
}
