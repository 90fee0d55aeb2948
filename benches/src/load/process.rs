//! What a process uses, as the kernel counts it.

use std::{fs, io, time::Duration};

/// The kernel tells processor time in hundredths of a second, whatever its own clock does (`USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

/// What a process has used so far.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    cpu: Duration,
    rss_mb: f64,
    peak_rss_mb: f64,
}

/// What a process used during a run.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Cost {
    /// Which process.
    pub pid: u32,
    /// Processor time of all its threads, in user and in kernel mode.
    pub cpu: Duration,
    /// Memory at the end, in 10^6 bytes.
    pub rss_mb: f64,
    /// The most memory that it ever had, in 10^6 bytes.
    pub peak_rss_mb: f64,
}

impl Usage {
    /// Asks the kernel.
    ///
    /// # Errors
    /// When there is no such process, or no /proc.
    pub fn of(pid: u32) -> io::Result<Self> {
        let named = |error: io::Error| io::Error::new(error.kind(), format!("process {pid}: {error}"));
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).map_err(named)?;
        let status = fs::read_to_string(format!("/proc/{pid}/status")).map_err(named)?;
        let strange = || io::Error::new(io::ErrorKind::InvalidData, format!("process {pid}: /proc says nothing"));
        let cpu = cpu(&stat).ok_or_else(strange)?;
        let memory = |name| memory(&status, name).ok_or_else(strange);
        Ok(Self { cpu, rss_mb: memory("VmRSS:")?, peak_rss_mb: memory("VmHWM:")? })
    }

    /// Returns what was used since an earlier moment.
    #[must_use]
    pub fn since(&self, before: &Self, pid: u32) -> Cost {
        let cpu = self.cpu.saturating_sub(before.cpu);
        Cost { pid, cpu, rss_mb: self.rss_mb, peak_rss_mb: self.peak_rss_mb }
    }
}

/// Reads utime and stime, the 14th and 15th field; the second, a name in parentheses, may itself have spaces.
fn cpu(stat: &str) -> Option<Duration> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u32>().ok();
    Some(TICK * ticks()? + TICK * ticks()?)
}

fn memory(status: &str, name: &str) -> Option<f64> {
    let kib = status.lines().find_map(|line| line.strip_prefix(name))?.trim().strip_suffix(" kB")?;
    Some(kib.parse::<f64>().ok()? * 1024.0 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_hides_nothing() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194560 1 2 3 4 150 50 0 0 20 0 1 0 100 0 0";
        assert_eq!(cpu(stat), Some(Duration::from_secs(2)));
    }

    #[test]
    fn this_process_uses_something() {
        let usage = Usage::of(std::process::id()).expect("this process exists");
        assert!(usage.rss_mb > 0.5 && usage.peak_rss_mb >= usage.rss_mb, "{usage:?}");
    }
}
