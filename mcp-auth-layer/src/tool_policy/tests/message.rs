//! The parser, against messages that two readers could read in two ways.

use crate::{
    reject::RequestFault::{self, Batch, MalformedMessage},
    tool_policy::message::Message,
};

/// The method, the name and whether it is a request, in one text; `answer` for what has no method.
fn read(body: &[u8]) -> Result<String, RequestFault> {
    Message::parse(body).map(|message| match message {
        Message::Answer => "answer".to_owned(),
        Message::Call { operation, is_request } => {
            let kind = if is_request { "request" } else { "notification" };
            format!("{kind} {} {}", operation.method(), operation.name().unwrap_or("-"))
        }
    })
}

#[test]
fn each_kind_of_message_is_told_apart() {
    for (name, body, expected) in [
        ("a call", r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}"#, "request tools/call a"),
        (
            "members in another order",
            r#" {"params":{"arguments":{"name":"b"},"name":"a"},"method":"tools/call","id":"x","jsonrpc":"2.0"} "#,
            "request tools/call a",
        ),
        (
            "escapes in member and name",
            r#"{"jsonrpc":"2.0","id":1,"m\u0065thod":"tools\/call","params":{"n\u0061me":"\u0061"}}"#,
            "request tools/call a",
        ),
        (
            "a name with a line's end and a quote",
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a\n\""}}"#,
            "request tools/call a\n\"",
        ),
        (
            "the uri counts, not the name",
            r#"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"name":"a","uri":"u"}}"#,
            "request resources/read u",
        ),
        (
            "a resource without a uri, which the server refuses",
            r#"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"name":"a"}}"#,
            "request resources/read -",
        ),
        (
            "the task counts",
            r#"{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":{"taskId":"t"}}"#,
            "request tasks/get t",
        ),
        ("no params", r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#, "request tools/list -"),
        ("params null", r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":null}"#, "request ping -"),
        ("another method's name", r#"{"jsonrpc":"2.0","id":1,"method":"x","params":{"name":7}}"#, "request x -"),
        ("another case", r#"{"jsonrpc":"2.0","id":1,"method":"Tools/Call"}"#, "request Tools/Call -"),
        ("an id of null", r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, "request ping -"),
        (
            "no id",
            r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            "notification notifications/initialized -",
        ),
        (
            "a call without an id",
            r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"a"}}"#,
            "notification tools/call a",
        ),
        ("a result", r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, "answer"),
        ("an error", r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}"#, "answer"),
        (
            "duplicates where nothing is decided",
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"x":1,"x":2}}}"#,
            "request tools/call a",
        ),
    ] {
        assert_eq!(read(body.as_bytes()).as_deref(), Ok(expected), "{name}");
    }
}

#[test]
fn what_could_be_read_in_two_ways_is_refused() {
    for (name, body, expected) in [
        ("nothing", "", MalformedMessage),
        ("blanks", " \n", MalformedMessage),
        ("text", "\"tools/call\"", MalformedMessage),
        ("a form", "method=tools/list", MalformedMessage),
        ("cut", r#"{"jsonrpc":"2.0","id":1,"method":"ping""#, MalformedMessage),
        ("more after it", r#"{"jsonrpc":"2.0","id":1,"method":"ping"}{}"#, MalformedMessage),
        ("a comma after it", r#"{"jsonrpc":"2.0","id":1,"method":"ping"},"#, MalformedMessage),
        ("a comment", r#"{"jsonrpc":"2.0","id":1,/* */"method":"ping"}"#, MalformedMessage),
        ("a byte-order mark", "\u{feff}{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}", MalformedMessage),
        ("a batch", r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, Batch),
        ("an empty batch", " [ ]", Batch),
        ("the members as an array", r#"["2.0",1,"tools/call",{"name":"a"}]"#, Batch),
        ("no version", r#"{"id":1,"method":"ping"}"#, MalformedMessage),
        ("another version", r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, MalformedMessage),
        ("a number as version", r#"{"jsonrpc":2.0,"id":1,"method":"ping"}"#, MalformedMessage),
        ("a number as method", r#"{"jsonrpc":"2.0","id":1,"method":7}"#, MalformedMessage),
        ("null as method", r#"{"jsonrpc":"2.0","id":1,"method":null}"#, MalformedMessage),
        ("null as method of an answer", r#"{"jsonrpc":"2.0","id":1,"method":null,"result":{}}"#, MalformedMessage),
        ("half a surrogate", r#"{"jsonrpc":"2.0","id":1,"method":"\ud800"}"#, MalformedMessage),
        ("neither call nor answer", r#"{"jsonrpc":"2.0","id":1}"#, MalformedMessage),
        ("call and answer", r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#, MalformedMessage),
        ("call and null answer", r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":null}"#, MalformedMessage),
        ("two answers", r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{}}"#, MalformedMessage),
        ("method twice", r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"ping"}"#, MalformedMessage),
        (
            "method twice, once escaped",
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","\u006dethod":"tools/call"}"#,
            MalformedMessage,
        ),
        ("id twice", r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#, MalformedMessage),
        (
            "params twice",
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"},"params":{"name":"b"}}"#,
            MalformedMessage,
        ),
        (
            "name twice",
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"b"}}"#,
            MalformedMessage,
        ),
        (
            "name twice, once escaped",
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","nam\u0065":"b"}}"#,
            MalformedMessage,
        ),
        ("params as an array", r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["a"]}"#, MalformedMessage),
        ("params as text", r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":"a"}"#, MalformedMessage),
        ("params as a number", r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":1}"#, MalformedMessage),
        ("a number as name", r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":1}}"#, MalformedMessage),
        ("null as name", r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":null}}"#, MalformedMessage),
        (
            "a list as name",
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":["a"]}}"#,
            MalformedMessage,
        ),
        ("no name", r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}"#, MalformedMessage),
        (
            "a name in another case",
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"Name":"a"}}"#,
            MalformedMessage,
        ),
        ("no params for a call", r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#, MalformedMessage),
        ("params null for a call", r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":null}"#, MalformedMessage),
    ] {
        assert_eq!(read(body.as_bytes()), Err(expected), "{name}");
    }
    let not_utf8 = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"x\":\"\xff\"}";
    assert_eq!(read(not_utf8), Err(MalformedMessage), "not UTF-8, even where nothing is decided");
}

#[test]
fn depth_costs_no_stack() {
    let deep = |open: &str, close: &str| open.repeat(200_000) + &close.repeat(200_000);
    let arrays = deep("[", "]");
    let call = |arguments: &str, name: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"arguments":{arguments},"name":{name}}}}}"#
        )
    };
    assert_eq!(
        read(call(&arrays, "\"a\"").as_bytes()).as_deref(),
        Ok("request tools/call a"),
        "the server's to refuse"
    );
    assert_eq!(read(call("{}", &arrays).as_bytes()), Err(MalformedMessage));
    assert_eq!(read(deep("{\"params\":", "}").as_bytes()), Err(MalformedMessage));
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(body in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        let _ = Message::parse(&body);
    }

    #[test]
    fn any_name_is_read_as_it_was_written(name in ".*") {
        let call = serde_json::json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name}});
        let expected = format!("request tools/call {name}");
        proptest::prop_assert_eq!(read(call.to_string().as_bytes()), Ok(expected));
    }
}
