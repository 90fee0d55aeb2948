use super::{at, bare, message};
use crate::graph::message::{Message, Severity};
use crate::graph::odata::{ListOptions, PageSize, QueryError};

fn ids(query: &str, messages: &[Message]) -> Vec<String> {
    let options = ListOptions::parse(query).unwrap();
    let found = options.matching(messages);
    found.into_iter().map(|m| m.id.clone()).collect()
}

/// Three messages: A has no deadline, B and C share severity.
fn three() -> [Message; 3] {
    let a = Message { id: "A".into(), severity: Severity::Critical, ..bare() };
    let b = Message { id: "B".into(), severity: Severity::Normal, start: at("2026-02-01T00:00:00Z"), ..message() };
    let c = Message {
        id: "C".into(),
        severity: Severity::Normal,
        start: at("2026-04-01T00:00:00Z"),
        action_required_by: Some(at("2026-05-01T00:00:00Z")),
        ..message()
    };
    [c, a, b]
}

#[test]
fn messages_are_sorted_by_each_field_in_turn() {
    let rows = [
        ("as stored", "", ["C", "A", "B"]),
        ("ascending by default", "$orderby=startDateTime", ["B", "A", "C"]),
        ("ascending", "$orderby=startDateTime asc", ["B", "A", "C"]),
        ("descending", "$orderby=startDateTime desc", ["C", "A", "B"]),
        ("null first", "$orderby=actionRequiredByDateTime", ["A", "C", "B"]),
        ("null last", "$orderby=actionRequiredByDateTime desc", ["B", "C", "A"]),
        ("by member", "$orderby=severity desc,startDateTime desc", ["A", "C", "B"]),
        ("ties by id", "$orderby=severity", ["B", "C", "A"]),
        ("blanks", "$orderby= severity  asc , id desc ", ["C", "B", "A"]),
    ];
    for (row, query, expected) in rows {
        assert_eq!(ids(query, &three()), expected, "{row}");
    }
}

#[test]
fn what_cannot_be_sorted_by_is_refused() {
    let rows = [
        ("unknown", "colour"),
        ("collection", "tags"),
        ("opaque", "details"),
        ("inside the body", "body/content"),
        ("direction", "title down"),
        ("direction in capitals", "title DESC"),
        ("too many words", "title asc desc"),
        ("empty", ""),
        ("function", "tolower(title)"),
    ];
    for (row, item) in rows {
        let refused = ListOptions::parse(&format!("$orderby={item}"));
        assert_eq!(refused, Err(QueryError::OrderBy { item: item.into() }), "{row}");
    }
    assert!(ListOptions::parse("$orderby=title,,id").is_err(), "gap in the list");
}

#[test]
fn numbers_and_truths_are_read_strictly() {
    let options = ListOptions::parse("$top=0&$skip=7&$count=true").unwrap();
    assert_eq!((options.top, options.skip, options.count), (Some(0), 7, true));

    for name in ["$top", "$skip"] {
        for value in ["-1", "", "1.5", "five", "%2B5", " 5", "0x10", "99999999999"] {
            let refused = ListOptions::parse(&format!("{name}={value}"));
            assert!(matches!(refused, Err(QueryError::NotANumber { .. })), "{name}={value}");
        }
    }
    for value in ["True", "1", "yes", ""] {
        let refused = ListOptions::parse(&format!("$count={value}"));
        let value = value.into();
        assert_eq!(refused, Err(QueryError::NotABoolean { value }));
    }
}

#[test]
fn options_that_are_not_supported_are_refused() {
    for name in ["$expand", "$search", "$format", "$skiptoken", "$apply", "$Top", "$"] {
        let refused = ListOptions::parse(&format!("{name}=x"));
        assert_eq!(refused, Err(QueryError::UnknownOption { name: name.into() }));
    }
    let twice = ListOptions::parse("$top=1&%24top=2");
    assert_eq!(twice, Err(QueryError::RepeatedOption { name: "$top" }));
    for name in ["colour", "attachments", "body/content", ""] {
        let refused = ListOptions::parse(&format!("$select=id,{name}"));
        assert_eq!(refused, Err(QueryError::Select { name: name.into() }));
    }
}

#[test]
fn names_without_dollar_are_passed_over() {
    assert_eq!(ListOptions::parse("top=1&x&=&&"), Ok(ListOptions::default()));
}

#[test]
fn the_query_is_decoded_exactly_once() {
    let titled = |title: &str| Message { title: title.into(), ..message() };
    let rows = [
        ("escapes", "$filter=title%20eq%20%27x%27", "x", true),
        ("escaped dollar", "%24filter=title eq 'x'", "x", true),
        ("plus is a blank", "$filter=title+eq+'a+b'", "a b", true),
        ("escaped plus", "$filter=title eq 'a%2Bb'", "a+b", true),
        ("not twice", "$filter=title eq '%2541'", "%41", true),
        ("twice would match", "$filter=title eq '%2541'", "A", false),
        ("UTF-8", "$filter=title eq '%C3%BC'", "ü", true),
        ("escaped ampersand", "$filter=title eq 'a%26$top=1'", "a&$top=1", true),
        ("equals sign", "$filter=title eq 'a=b'", "a=b", true),
    ];
    for (row, query, title, expected) in rows {
        let messages = [titled(title)];
        assert_eq!(ids(query, &messages).len() == 1, expected, "{row}");
    }
    for broken in ["$filter=%", "$filter=%2", "$filter=%zz", "$filter=%+1", "$filter=%FF", "%=1"] {
        assert_eq!(ListOptions::parse(broken), Err(QueryError::Encoding), "{broken}");
    }
}

#[test]
fn the_preference_sets_the_page_size_within_bounds() {
    let rows = [
        ("absent", None, PageSize::Default),
        ("plain", Some("odata.maxpagesize=5"), PageSize::Preferred(5)),
        ("short name", Some("maxpagesize=5"), PageSize::Preferred(5)),
        ("any case", Some("OData.MaxPageSize=5"), PageSize::Preferred(5)),
        ("quoted", Some("odata.maxpagesize=\"5\""), PageSize::Preferred(5)),
        ("among others", Some("return=minimal, odata.maxpagesize=7"), PageSize::Preferred(7)),
        ("least", Some("odata.maxpagesize=1"), PageSize::Preferred(1)),
        ("most", Some("odata.maxpagesize=1000"), PageSize::Preferred(1000)),
        ("zero", Some("odata.maxpagesize=0"), PageSize::Default),
        ("too many", Some("odata.maxpagesize=1001"), PageSize::Default),
        ("negative", Some("odata.maxpagesize=-5"), PageSize::Default),
        ("no number", Some("odata.maxpagesize=all"), PageSize::Default),
        ("another preference", Some("respond-async"), PageSize::Default),
    ];
    for (row, header, expected) in rows {
        assert_eq!(PageSize::preferred(header), expected, "{row}");
    }
}
