//! Where the messages stand in Graph's answer.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::sound::{Below, WHOLE, is_sound};

/// A message: where its id stands, and an address that Graph gave it.
#[derive(Default)]
pub(super) struct Message<'a> {
    pub(super) id: Option<&'a RawValue>,
    pub(super) url: Option<&'a RawValue>,
}

/// Names that are looked for; all others are the same.
enum Name {
    Value,
    Id,
    Url,
    Other,
}

/// Reads a page, and all that stands in it as strictly as [`is_sound`].
struct Page(Below);

/// Reads the list of messages.
struct Messages(Below);

/// Reads one.
struct One(Below);

/// Reads a body in one pass; none where it is no list of messages.
pub(super) fn read(body: &str) -> Option<Vec<Message<'_>>> {
    let mut reader = serde_json::Deserializer::from_str(body);
    let messages = Page(WHOLE).deserialize(&mut reader).ok()?;
    reader.end().is_ok().then_some(messages)
}

impl<'de> DeserializeSeed<'de> for Page {
    type Value = Vec<Message<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Page {
    type Value = Vec<Message<'de>>;

    fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str("a page of messages")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let inner = self.0.deeper()?;
        let mut messages = None;
        while let Some(name) = members.next_key_seed(ReadName)? {
            match name {
                Name::Value if messages.is_some() => return Err(A::Error::duplicate_field("value")),
                Name::Value => messages = Some(members.next_value_seed(Messages(inner))?),
                _ => members.next_value_seed(inner)?,
            }
        }
        messages.ok_or_else(|| A::Error::missing_field("value"))
    }
}

impl<'de> DeserializeSeed<'de> for Messages {
    type Value = Vec<Message<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Messages {
    type Value = Vec<Message<'de>>;

    fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str("messages")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let inner = self.0.deeper()?;
        let mut messages = Vec::new();
        while let Some(message) = list.next_element_seed(One(inner))? {
            messages.push(message);
        }
        Ok(messages)
    }
}

impl<'de> DeserializeSeed<'de> for One {
    type Value = Message<'de>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for One {
    type Value = Message<'de>;

    fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str("a message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let inner = self.0.deeper()?;
        let mut message = Message::default();
        while let Some(name) = members.next_key_seed(ReadName)? {
            match name {
                Name::Id => once(&mut message.id, &mut members, inner, "id")?,
                Name::Url => once(&mut message.url, &mut members, inner, "url")?,
                Name::Value | Name::Other => members.next_value_seed(inner)?,
            }
        }
        Ok(message)
    }
}

/// Keeps the text of a member that may stand once.
fn once<'de, A: MapAccess<'de>>(
    place: &mut Option<&'de RawValue>,
    members: &mut A,
    inner: Below,
    name: &'static str,
) -> Result<(), A::Error> {
    let raw: &RawValue = members.next_value()?;
    if !is_sound(raw.get(), inner) {
        return Err(A::Error::custom("not every reader can take it"));
    }
    place.replace(raw).map_or(Ok(()), |_| Err(A::Error::duplicate_field(name)))
}

/// Reads a name.
struct ReadName;

impl<'de> DeserializeSeed<'de> for ReadName {
    type Value = Name;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Name, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for ReadName {
    type Value = Name;

    fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Name, E> {
        Ok(match name {
            "value" => Name::Value,
            "id" => Name::Id,
            "url" => Name::Url,
            _ => Name::Other,
        })
    }
}
