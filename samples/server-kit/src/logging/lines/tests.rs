use std::{
    future::{pending, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Arc,
    task::Waker,
    thread,
};

use tokio::task::{JoinSet, yield_now};

use super::*;

/// What was written, write by write.
#[derive(Clone, Default)]
struct Writes(Arc<Mutex<Vec<String>>>);

impl Writes {
    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    fn text(&self) -> String {
        self.all().concat()
    }
}

impl Write for Writes {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().push(String::from_utf8(text.to_vec()).unwrap());
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn lines() -> (&'static Lines, Writes) {
    let writes = Writes::default();
    (to(writes.clone()), writes)
}

fn to(to: impl Write + Send + 'static) -> &'static Lines {
    Box::leak(Box::new(Lines::to(to)))
}

/// A request that writes a line and is never answered.
fn unanswered(lines: &'static Lines) -> AfterLines<impl Future<Output = ()>> {
    let answer = async {
        info(lines, "a\n");
        pending().await
    };
    AfterLines::of(answer, lines)
}

fn info(lines: &Lines, line: &str) {
    lines.write(line.as_bytes(), true);
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test]
async fn requests_that_end_together_write_once_and_before_each_answer() {
    let (lines, writes) = lines();
    let mut requests = JoinSet::new();
    for number in 0..16 {
        let seen = writes.clone();
        let request = AfterLines::of(
            async move {
                info(lines, &format!("admitted {number}\n"));
                // As rmcp does, which answers from a task of its own.
                tokio::spawn(yield_now()).await.unwrap();
            },
            lines,
        );
        requests.spawn(async move {
            request.await;
            assert!(seen.text().contains(&format!("admitted {number}\n")), "an answer came before its line");
        });
    }
    while let Some(ended) = requests.join_next().await {
        ended.unwrap();
    }
    assert_eq!(writes.all().len(), 1, "{:?}", writes.all());
    assert_eq!(writes.text().lines().count(), 16);
}

#[test]
fn an_answer_that_comes_at_once_comes_after_its_line() {
    let (lines, writes) = lines();
    let request = pin!(AfterLines::of(async { info(lines, "a\n") }, lines));
    assert!(poll(request).is_ready());
    assert_eq!(writes.all(), ["a\n"]);
}

#[tokio::test]
async fn a_request_that_takes_its_time_keeps_no_line_back() {
    let (lines, writes) = lines();
    let request = tokio::spawn(unanswered(lines));
    // One turn to write it down, one more to write it out.
    yield_now().await;
    yield_now().await;
    assert_eq!(writes.all(), ["a\n"]);
    request.abort();
}

#[test]
fn the_others_are_given_their_turn_for_each_new_line() {
    let (lines, writes) = lines();
    let mut turn = 0;
    let mut request = pin!(AfterLines::of(
        poll_fn(|_| {
            turn += 1;
            if turn % 2 == 1 {
                info(lines, &format!("{turn}\n"));
            }
            Poll::<()>::Pending
        }),
        lines,
    ));
    for expected in [&[][..], &["1\n"], &["1\n"], &["1\n", "3\n"]] {
        assert!(poll(request.as_mut()).is_pending());
        assert_eq!(writes.all(), expected);
    }
}

#[tokio::test]
async fn an_answer_that_writes_whenever_it_is_asked_is_not_asked_without_end() {
    let (lines, writes) = lines();
    let mut turn = 0;
    let request = tokio::spawn(AfterLines::of(
        poll_fn(move |_| {
            turn += 1;
            info(lines, &format!("{turn}\n"));
            Poll::<()>::Pending
        }),
        lines,
    ));
    for _ in 0..8 {
        yield_now().await;
    }
    assert_eq!(writes.all(), ["1\n2\n"]);
    request.abort();
}

#[test]
fn whoever_goes_leaves_no_line_behind() {
    let (lines, writes) = lines();
    {
        let mut request = pin!(unanswered(lines));
        assert!(poll(request.as_mut()).is_pending());
        assert!(writes.all().is_empty());
    }
    assert_eq!(writes.all(), ["a\n"]);
}

#[test]
fn a_panic_leaves_no_line_behind() {
    let (lines, writes) = lines();
    let panicking = async {
        info(lines, "a\n");
        panic!("of the test");
    };
    let ended = catch_unwind(AssertUnwindSafe(|| {
        let mut request = Box::pin(AfterLines::of(panicking, lines));
        poll::<AfterLines<_>>(request.as_mut())
    }));
    assert!(ended.is_err());
    assert_eq!(writes.all(), ["a\n"]);
    assert_eq!(OF_REQUEST.get(), None, "what comes next belongs to no request");
}

#[test]
fn what_may_not_wait_takes_along_what_waits() {
    let (lines, writes) = lines();
    let request = pin!(AfterLines::of(
        async {
            info(lines, "a\n");
            lines.write(b"a warning\n", false);
            info(lines, "b\n");
            assert_eq!(writes.all(), ["a\na warning\n"]);
        },
        lines,
    ));
    assert!(poll(request).is_ready());
    assert_eq!(writes.all(), ["a\na warning\n", "b\n"]);
}

#[test]
fn warnings_and_errors_may_not_wait() {
    for (level, expected) in
        [(Level::ERROR, false), (Level::WARN, false), (Level::INFO, true), (Level::DEBUG, true), (Level::TRACE, true)]
    {
        assert_eq!(may_wait(level), expected, "{level}");
    }
}

#[test]
fn outside_of_a_request_nothing_waits() {
    let (lines, writes) = lines();
    info(lines, "a\n");
    lines.write(b"b\n", false);
    assert_eq!(writes.all(), ["a\n", "b\n"]);
}

#[test]
fn a_request_that_writes_very_much_does_not_keep_all_of_it() {
    let (lines, writes) = lines();
    let line = format!("{}\n", "x".repeat(1_023));
    let request = pin!(AfterLines::of(
        async {
            for _ in 0..200 {
                info(lines, &line);
            }
            assert_eq!(writes.text().len(), 3 * (MAX_WAITING + line.len()), "at most 64 KiB wait");
        },
        lines,
    ));
    assert!(poll(request).is_ready());
    assert_eq!(writes.text(), line.repeat(200));
}

#[test]
fn threads_lose_nothing_and_repeat_nothing() {
    let (lines, writes) = lines();
    thread::scope(|scope| {
        for thread in 0..4 {
            let writes = writes.clone();
            scope.spawn(move || {
                for number in 0..500 {
                    let line = format!("{thread} {number}\n");
                    let request = pin!(AfterLines::of(async { info(lines, &line) }, lines));
                    assert!(poll(request).is_ready());
                    assert!(number % 50 != 0 || writes.text().contains(&line));
                }
            });
        }
    });
    for thread in 0..4 {
        let text = writes.text();
        let of_thread = text.lines().filter_map(|line| line.strip_prefix(&format!("{thread} ")));
        assert!(of_thread.eq((0..500).map(|number| number.to_string())), "in order, each once");
    }
}

#[test]
fn a_closed_standard_error_ends_nothing() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let lines = to(Closed);
    let request = pin!(AfterLines::of(async { info(lines, "a\n") }, lines));
    assert!(poll(request).is_ready());
}

#[test]
fn a_full_pipe_that_does_not_block_tears_no_line() {
    /// As pipe(7) has it, with room for so many bytes.
    struct Pipe(Writes, usize);
    impl Write for Pipe {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            let taken = if text.len() <= 4_096 && text.len() > self.1 { 0 } else { text.len().min(self.1) };
            if taken == 0 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            self.1 -= taken;
            self.0.write(&text[..taken])
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let writes = Writes::default();
    let lines = to(Pipe(writes.clone(), 10_000));
    let line = format!("{}\n", "x".repeat(499));
    let long = format!("{}\n", "y".repeat(4_999));
    let request = pin!(AfterLines::of(
        async {
            info(lines, &line);
            info(lines, &long);
            (0..40).for_each(|_| info(lines, &line));
        },
        lines,
    ));
    assert!(poll(request).is_ready());
    assert_eq!(writes.all(), [line.clone(), long.clone(), line.repeat(8)], "what is longer goes alone");
}
