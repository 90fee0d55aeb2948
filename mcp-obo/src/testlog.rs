//! What a test's own thread logs, at the level `trace`.
//!
//! One subscriber for the whole process: a scoped one may miss a call site that another test's thread, which has none,
//! registers first.

use std::{cell::RefCell, io, sync::Once};

thread_local! {
    static LOG: RefCell<String> = const { RefCell::new(String::new()) };
}

struct Writer;

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.push_str(&String::from_utf8_lossy(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Begins a new log for this thread.
pub(crate) fn begin() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
        tracing::subscriber::set_global_default(subscriber.with_writer(|| Writer).finish()).unwrap();
    });
    LOG.with_borrow_mut(String::clear);
}

/// Returns what this thread has logged since.
pub(crate) fn logged() -> String {
    LOG.with_borrow(String::clone)
}
