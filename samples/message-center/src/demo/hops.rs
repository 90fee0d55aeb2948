//! What happened between whom, and how long it took.

use std::{
    fmt,
    future::Future,
    time::{Duration, Instant},
};

/// The steps of a walk through the chain, in their order.
#[derive(Debug, Default)]
pub(super) struct Hops(Vec<(&'static str, &'static str, Duration)>);

impl Hops {
    /// Takes a step and notes its time; a step that fails ends the walk.
    pub(super) async fn step<T, E>(
        &mut self,
        request: &'static str,
        meaning: &'static str,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let started = Instant::now();
        let output = work.await?;
        self.0.push((request, meaning, started.elapsed()));
        Ok(output)
    }
}

impl fmt::Display for Hops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (request, meaning, time)) in self.0.iter().enumerate() {
            let (number, milliseconds) = (index + 1, time.as_secs_f64() * 1_000.0);
            writeln!(f, "    {number}  {request:<22} {meaning:<60}{milliseconds:>9.1} ms")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn steps_are_numbered_timed_and_aligned_and_a_failure_is_none() {
        let mut hops = Hops::default();
        assert_eq!(hops.step("GET /a", "first", async { Ok::<_, ()>(7) }).await, Ok(7));
        assert_eq!(hops.step("GET /b", "fails", async { Err::<(), _>("why") }).await, Err("why"));
        assert_eq!(hops.step("POST /c", "second", async { Ok::<_, ()>(8) }).await, Ok(8));
        let text = hops.to_string();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines[0].starts_with("    1  GET /a ") && lines[1].starts_with("    2  POST /c "), "{text}");
        assert!(lines.iter().all(|line| line.ends_with(" ms") && line.len() <= 110), "{text}");
    }
}
