//! Lines on their way to standard error: those of requests that end together go out with one write.
//!
//! A write to a pipe wakes whoever reads it, which costs as much as a tenth of a request. What must stay is the order: **no
//! answer leaves before the lines that were written down on its way**, or an audit trail would lack what a crash followed.
//! So a line at `INFO` or below may wait, inside of an [`AfterLines`] and until the other tasks that are ready now had their
//! turn. A warning, an error, and whatever is written outside of a request go out at once, after the lines that wait.
//!
//! A standard error that somebody made non-blocking takes no line while it is full: such lines are lost, each as a whole unless
//! it is longer than a pipe takes [whole](WHOLE).

use std::{
    cell::Cell,
    future::Future,
    io::{self, Write},
    iter, mem,
    pin::Pin,
    sync::{
        LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// What waits is written at once when there is more of it, in bytes.
const MAX_WAITING: usize = 64 << 10;

/// A pipe takes a write of so many bytes whole or not at all (`PIPE_BUF` of pipe(7)).
///
/// Of a longer one it takes what fits if it is non-blocking, and what others write may come in between.
const WHOLE: usize = 4 << 10;

/// Those of this process, to standard error.
pub(super) static LINES: LazyLock<Lines> = LazyLock::new(|| Lines::to(io::stderr()));

thread_local! {
    /// The last line of the request that runs on this thread; nothing outside of requests.
    static OF_REQUEST: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Lines that wait, and where they go.
pub(super) struct Lines {
    waiting: Mutex<Waiting>,
    out: Mutex<Out>,
    /// How many lines are out.
    written: AtomicU64,
}

#[derive(Default)]
struct Waiting {
    text: Vec<u8>,
    /// How many lines there ever were.
    count: u64,
}

struct Out {
    to: Box<dyn Write + Send>,
    /// Memory that goes back and forth between those who write down and the one who writes out.
    spare: Vec<u8>,
}

impl Lines {
    fn to(to: impl Write + Send + 'static) -> Self {
        let out = Mutex::new(Out { to: Box::new(to), spare: Vec::new() });
        Self { waiting: Mutex::default(), out, written: AtomicU64::new(0) }
    }

    /// Writes a line down, and out unless it may wait.
    fn write(&self, line: &[u8], may_wait: bool) {
        let (number, waiting) = {
            let mut waiting = lock(&self.waiting);
            waiting.text.extend_from_slice(line);
            waiting.count += 1;
            (waiting.count, waiting.text.len())
        };
        let request = OF_REQUEST.get();
        if request.is_some() {
            OF_REQUEST.set(Some(number));
        }
        if request.is_none() || !may_wait || waiting > MAX_WAITING {
            self.write_out(number);
        }
    }

    fn is_out(&self, number: u64) -> bool {
        self.written.load(Ordering::Acquire) >= number
    }

    /// Returns when the line of this number is out; all that wait go with it.
    fn write_out(&self, number: u64) {
        if self.is_out(number) {
            return;
        }
        // Whoever comes meanwhile writes down beside this, waits here, and may find its own line written.
        let mut out = lock(&self.out);
        if self.is_out(number) {
            return;
        }
        let Out { to, spare } = &mut *out;
        let count = {
            let mut waiting = lock(&self.waiting);
            mem::swap(&mut waiting.text, spare);
            waiting.count
        };
        for lines in writes(spare) {
            // Nobody is left to tell when standard error takes nothing.
            let _ = to.write_all(lines).and_then(|()| to.flush());
        }
        spare.clear();
        spare.shrink_to(MAX_WAITING);
        self.written.store(count, Ordering::Release);
    }
}

/// Cuts a text into as many whole lines at a time as go out [whole](WHOLE), and at least one.
fn writes(mut text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_end = |byte: &u8| *byte == b'\n';
    iter::from_fn(move || {
        let fitting = text.iter().take(WHOLE).rposition(is_end);
        let end = fitting.or_else(|| text.iter().position(is_end)).map_or(text.len(), |end| end + 1);
        text.split_off(..end).filter(|lines| !lines.is_empty())
    })
}

/// A panic of a writer leaves nothing half done that matters.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where `tracing` writes the lines of this process.
pub(super) struct ToLines;

/// Tells whether a line of this level may be written a little later.
fn may_wait(level: Level) -> bool {
    level >= Level::INFO
}

/// Writes one line.
pub(super) struct Line {
    lines: &'static Lines,
    may_wait: bool,
}

impl MakeWriter<'_> for ToLines {
    type Writer = Line;

    fn make_writer(&self) -> Line {
        Line { lines: &LINES, may_wait: false }
    }

    fn make_writer_for(&self, event: &Metadata<'_>) -> Line {
        Line { lines: &LINES, may_wait: may_wait(*event.level()) }
    }
}

impl Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.lines.write(line, self.may_wait);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pin_project! {
    /// An answer that comes after the lines of its request; see the [module docs](self).
    pub(crate) struct AfterLines<F> {
        #[pin]
        answer: F,
        lines: &'static Lines,
        // The request's last line; 0 while there is none.
        last: u64,
        // Whether the others were given their turn, and this is to be asked again.
        has_yielded: bool,
    }

    impl<F> PinnedDrop for AfterLines<F> {
        // Whoever asked has gone, or a panic passes.
        fn drop(this: Pin<&mut Self>) {
            this.lines.write_out(this.last);
        }
    }
}

impl<F> AfterLines<F> {
    /// Of this process.
    pub(crate) fn new(answer: F) -> Self {
        Self::of(answer, &LINES)
    }

    const fn of(answer: F, lines: &'static Lines) -> Self {
        Self { answer, lines, last: 0, has_yielded: false }
    }
}

impl<F: Future> Future for AfterLines<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let polled = {
            let _running = Running::of(this.last);
            this.answer.poll(cx)
        };
        // Once, also for an answer that writes whenever it is asked: it would be asked again without end.
        if mem::take(this.has_yielded) || polled.is_ready() {
            this.lines.write_out(*this.last);
        } else if !this.lines.is_out(*this.last) {
            // To be asked again after all who are ready now; the answer has mostly come by then.
            *this.has_yielded = true;
            cx.waker().wake_by_ref();
        }
        polled
    }
}

/// A request runs on this thread; what it writes is noted also when it panics.
struct Running<'a> {
    last: &'a mut u64,
    outer: Option<u64>,
}

impl<'a> Running<'a> {
    fn of(last: &'a mut u64) -> Self {
        let outer = OF_REQUEST.replace(Some(*last));
        Self { last, outer }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        *self.last = OF_REQUEST.replace(self.outer).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests;
