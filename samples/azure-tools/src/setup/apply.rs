//! Runs the steps, each as a program of its own: no shell reads any of it.

use std::{
    io,
    path::Path,
    process::{ExitStatus, Stdio},
};

use tokio::process::Command;

use super::plan::{ELSEWHERE, Plan, Step};

/// Why a step did not run to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// The Azure CLI cannot be started.
    #[error("az cannot be started; install the Azure CLI, or give the printed script to an administrator")]
    Missing(#[source] io::Error),
    /// A step failed; what it said stands above.
    #[error("{step}: az ended with {status}; what it said stands above, and the steps before it are done")]
    Failed {
        /// What the step is for.
        step: &'static str,
        /// How it ended.
        status: ExitStatus,
    },
    /// The Azure CLI is signed in to another tenant.
    #[error("{ELSEWHERE}; run az login --tenant with the id of the right one")]
    Elsewhere,
    /// A step printed no value.
    #[error("{step}: az printed nothing that can be used")]
    Empty {
        /// What the step is for.
        step: &'static str,
    },
}

/// Runs a plan by this program, and returns the server's settings.
///
/// `tell` hears what is done, before it is.
///
/// # Errors
/// [`ApplyError`] of the first step that fails; nothing after it is run.
pub async fn apply(plan: &Plan, az: &Path, mut tell: impl FnMut(&str)) -> Result<String, ApplyError> {
    let mut known = Vec::new();
    for step in &plan.steps {
        tell(step.why);
        let output = run(step, az, &known).await?;
        if let Some(name) = step.yields {
            let value = output.ok_or(ApplyError::Empty { step: step.why })?;
            if step.expected.as_ref().is_some_and(|expected| *expected != value) {
                return Err(ApplyError::Elsewhere);
            }
            known.push((name, value));
        }
    }
    tell(plan.remarks().trim());
    Ok(plan.settings(&known))
}

async fn run(step: &Step, az: &Path, known: &[(&'static str, String)]) -> Result<Option<String>, ApplyError> {
    let words = step.words.iter().map(|word| word.filled(known));
    // Its complaints are for the person who looks on.
    let child = Command::new(az).args(words).stdin(Stdio::null()).stderr(Stdio::inherit()).kill_on_drop(true).output();
    let output = child.await.map_err(ApplyError::Missing)?;
    if !output.status.success() {
        return Err(ApplyError::Failed { step: step.why, status: output.status });
    }
    let text = String::from_utf8_lossy(&output.stdout);
    // What goes into the next step's address and document must be an id and nothing else.
    Ok(uuid::Uuid::try_parse(text.trim()).ok().map(|id| id.to_string()))
}
