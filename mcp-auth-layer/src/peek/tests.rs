//! Replaying: nothing is lost, nothing is waited for that is not needed.

use std::collections::VecDeque;

use http::HeaderValue;

use super::*;

/// Frames as scripted, and afterwards either the end or silence.
#[derive(Debug)]
struct Script {
    frames: VecDeque<Result<Frame<Bytes>, &'static str>>,
    then: Then,
}

#[derive(Debug, PartialEq)]
enum Then {
    End,
    Silence,
    EmptyForEver,
}

impl Script {
    fn new(pieces: &[&'static str], then: Then) -> Self {
        Self {
            frames: pieces.iter().map(|piece| Ok(Frame::data(Bytes::from_static(piece.as_bytes())))).collect(),
            then,
        }
    }
}

impl Body for Script {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        match (self.frames.pop_front(), &self.then) {
            (Some(frame), _) => Poll::Ready(Some(frame)),
            (None, Then::End) => Poll::Ready(None),
            (None, Then::Silence) => Poll::Pending,
            (None, Then::EmptyForEver) => Poll::Ready(Some(Ok(Frame::data(Bytes::new())))),
        }
    }
}

#[tokio::test]
async fn what_was_read_is_replayed_and_the_rest_follows() {
    for (name, pieces, limit, seen, whole) in [
        ("one piece", &["abc"][..], 10, "abc", true),
        ("several pieces", &["a", "bc"], 10, "abc", true),
        ("an empty piece", &["a", "", "bc"], 10, "abc", true),
        ("exactly the bound", &["abc"], 3, "abc", true),
        ("one more than the bound", &["abc"], 2, "abc", false),
        ("over the bound at the second of three", &["ab", "cd", "ef"], 3, "abcd", false),
        ("nothing", &[], 3, "", true),
    ] {
        let peeked = Peeked::up_to(limit, Script::new(pieces, Then::End)).await.unwrap();
        assert_eq!(peeked.seen(), seen, "{name}");
        assert_eq!(peeked.is_whole(), whole, "{name}");
        assert_eq!(peeked.collect().await.unwrap().to_bytes(), pieces.concat(), "{name}");
    }
}

#[tokio::test]
async fn a_body_without_an_end_is_read_to_the_bound_and_no_further() {
    let silent = tokio_test::task::spawn(Peeked::up_to(3, Script::new(&["ab", "cd"], Then::Silence))).poll();
    let Poll::Ready(Ok(peeked)) = silent else { panic!("it waits for more than it needs") };
    assert_eq!(peeked.seen(), "abcd");
    let waits = tokio_test::task::spawn(Peeked::up_to(9, Script::new(&["ab"], Then::Silence))).poll();
    assert!(waits.is_pending(), "below the bound only the end decides");
    assert!(!Peeked::up_to(99, Script::new(&["ab"], Then::EmptyForEver)).await.unwrap().is_whole());
}

#[tokio::test]
async fn an_announced_length_above_the_bound_is_not_read() {
    let peeked = Peeked::up_to(2, http_body_util::Full::new(Bytes::from_static(b"abc"))).await.unwrap();
    assert!(peeked.seen().is_empty() && !peeked.is_whole());
    assert_eq!(peeked.size_hint().exact(), Some(3));
    assert_eq!(peeked.collect().await.unwrap().to_bytes(), "abc");
}

#[tokio::test]
async fn trailers_and_errors_pass() {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", HeaderValue::from_static("1"));
    for limit in [0, 10] {
        let mut script = Script::new(&["ab"], Then::End);
        script.frames.push_back(Ok(Frame::trailers(trailers.clone())));
        let collected = Peeked::up_to(limit, script).await.unwrap().collect().await.unwrap();
        assert_eq!(collected.trailers(), Some(&trailers), "bound {limit}");
        assert_eq!(collected.to_bytes(), "ab", "bound {limit}");
    }
    let broken = || {
        let mut script = Script::new(&["ab"], Then::End);
        script.frames.push_back(Err("cut"));
        script
    };
    assert_eq!(Peeked::up_to(10, broken()).await.unwrap_err(), "cut");
    assert_eq!(Peeked::up_to(1, broken()).await.unwrap().collect().await.unwrap_err(), "cut");
}

#[tokio::test]
async fn its_length_and_end_are_told_truly_at_each_step() {
    let full = || http_body_util::Full::new(Bytes::from_static(b"abc"));
    for (name, mut body) in
        [("read", Peeked::up_to(10, full()).await.unwrap()), ("untouched", Peeked::untouched(full()))]
    {
        assert_eq!(body.size_hint().exact(), Some(3), "{name}");
        assert!(!body.is_end_stream(), "{name}");
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "abc", "{name}");
        assert_eq!(body.size_hint().exact(), Some(0), "{name}");
        assert!(body.is_end_stream(), "{name}");
        assert!(body.frame().await.is_none(), "{name}");
    }
    assert_eq!(Peeked::up_to(1, Script::new(&["ab"], Then::End)).await.unwrap().size_hint().upper(), None);
    assert!(Peeked::up_to(1, http_body_util::Empty::new()).await.unwrap().is_end_stream());
}

#[test]
fn its_content_is_not_in_its_debug_text() {
    let read = tokio_test::task::spawn(Peeked::up_to(9, Script::new(&["code=s3cret"], Then::End))).poll();
    let Poll::Ready(Ok(peeked)) = read else { panic!("it is all there") };
    assert!(!format!("{peeked:?}").contains("s3cret"));
}
