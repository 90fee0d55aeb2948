//! A JSON-RPC message, read so strictly that nobody behind can read it otherwise.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::Operation;
use crate::{present::present, reject::RequestFault};

/// What a client posts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// A request, or a notification if it has no id.
    Call { operation: Operation, is_request: bool },
    /// The answer to a request of the server.
    Answer,
}

/// The members that decide. serde's derive refuses any of them that stands twice, however it is escaped.
#[derive(Deserialize)]
struct Envelope {
    jsonrpc: String,
    #[serde(default, deserialize_with = "present")]
    id: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    method: Option<String>,
    #[serde(default)]
    params: Params,
    #[serde(default, deserialize_with = "present")]
    result: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    error: Option<IgnoredAny>,
}

/// An object, absent, or null; never the array that serde's derive would also take.
#[derive(Default)]
struct Params(Names);

/// The members by which operations are named.
#[derive(Default, Deserialize)]
struct Names {
    #[serde(default, deserialize_with = "present")]
    name: Option<Member>,
    #[serde(default, deserialize_with = "present")]
    uri: Option<Member>,
    #[serde(default, rename = "taskId", deserialize_with = "present")]
    task_id: Option<Member>,
}

/// A name only if it is text; other methods may have members of these names with other types.
#[derive(Deserialize)]
#[serde(untagged)]
enum Member {
    Text(String),
    Other(IgnoredAny),
}

impl Message {
    /// Reads one message.
    pub(super) fn parse(body: &[u8]) -> Result<Self, RequestFault> {
        // The array forms of serde's derive must never be reached.
        match body.iter().find(|byte| !b" \t\r\n".contains(byte)) {
            Some(b'{') => {}
            Some(b'[') => return Err(RequestFault::Batch),
            _ => return Err(RequestFault::MalformedMessage),
        }
        let text = std::str::from_utf8(body).map_err(|_| RequestFault::MalformedMessage)?;
        let envelope: Envelope = serde_json::from_str(text).map_err(|_| RequestFault::MalformedMessage)?;
        envelope.message().ok_or(RequestFault::MalformedMessage)
    }
}

impl Envelope {
    fn message(self) -> Option<Message> {
        if self.jsonrpc != "2.0" {
            return None;
        }
        match (self.method, self.result.is_some(), self.error.is_some()) {
            (Some(method), false, false) => {
                let name = self.params.0.of(&method)?;
                Some(Message::Call { operation: Operation::new(method, name), is_request: self.id.is_some() })
            }
            (None, true, false) | (None, false, true) => Some(Message::Answer),
            _ => None,
        }
    }
}

impl Names {
    /// Returns the name of what a method is about; the outer none for a tool without one.
    ///
    /// Other methods are judged as methods, so whether they lack a name is for the server to say.
    fn of(self, method: &str) -> Option<Option<String>> {
        let member = match NamedBy::of(method) {
            NamedBy::Nothing => return Some(None),
            NamedBy::Name => self.name,
            NamedBy::Uri => self.uri,
            NamedBy::TaskId => self.task_id,
        };
        match member {
            Some(Member::Text(name)) => Some(Some(name)),
            Some(Member::Other(_)) | None => (method != super::CALL_TOOL).then_some(None),
        }
    }
}

/// Which member names what a method is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NamedBy {
    Nothing,
    Name,
    Uri,
    TaskId,
}

impl NamedBy {
    /// The methods of MCP 2026-07-28, transport section on `Mcp-Name`, and of its task extension.
    pub(super) fn of(method: &str) -> Self {
        match method {
            super::CALL_TOOL | "prompts/get" => Self::Name,
            "resources/read" | "resources/subscribe" | "resources/unsubscribe" => Self::Uri,
            "tasks/get" | "tasks/update" | "tasks/cancel" => Self::TaskId,
            _ => Self::Nothing,
        }
    }
}

impl<'de> Deserialize<'de> for Params {
    fn deserialize<D: Deserializer<'de>>(params: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Params;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_unit<E>(self) -> Result<Params, E> {
                Ok(Params::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Params, A::Error> {
                Names::deserialize(MapAccessDeserializer::new(map)).map(Params)
            }
        }

        params.deserialize_any(Object)
    }
}
