//! JSON that any reader can take whole.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A message is five deep. The strictest readers stop at 64, and the answer around this has levels of its own.
pub(super) const WHOLE: Below = Below(32);

/// Tells whether strict readers can take `json`: it is well-formed, not too deep, and has neither halves of characters in its
/// strings nor numbers without end.
///
/// What nobody decodes, serde lets pass with all of these; in an answer they would cost the client the whole of it.
pub(super) fn is_sound(json: &str, below: Below) -> bool {
    let mut reader = serde_json::Deserializer::from_str(json);
    below.deserialize(&mut reader).is_ok() && reader.end().is_ok()
}

/// Reads a value of at most so many levels, and keeps nothing of it.
#[derive(Clone, Copy)]
pub(super) struct Below(u8);

impl Below {
    pub(super) fn deeper<E: Error>(self) -> Result<Self, E> {
        self.0.checked_sub(1).map(Self).ok_or_else(|| E::custom("too deep"))
    }
}

impl<'de> DeserializeSeed<'de> for Below {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Below {
    type Value = ();

    fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        while list.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        while members.next_entry_seed(inner, inner)?.is_some() {}
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reader_can_take_what_is_sound() {
        let lists = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let objects = |depth: usize| format!("{}0{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
        for (name, json, good) in [
            ("every kind", r#"{"a":[null,true,-1,1,1.5,"b",{}]}"#.to_owned(), true),
            ("half of a pair", r#""\ud83d""#.to_owned(), false),
            ("the other half", r#""\ude00""#.to_owned(), false),
            ("a pair", r#""\ud83d\ude00""#.to_owned(), true),
            ("half of a pair in a name", r#"{"\ud83d":1}"#.to_owned(), false),
            ("a number without end", "1e999".to_owned(), false),
            ("a large number", "1e300".to_owned(), true),
            ("more digits than fit", "123456789012345678901234567890".to_owned(), true),
            ("separators of lines", "\"\u{2028}\u{2029}\"".to_owned(), true),
            ("NUL", "\"\0\"".to_owned(), false),
            ("NUL, escaped", r#""\u0000""#.to_owned(), true),
            ("as deep as may be", lists(32), true),
            ("deeper", lists(33), false),
            ("objects as deep as may be", objects(32), true),
            ("deeper objects", objects(33), false),
            ("as deep as it is long", lists(1 << 20), false),
            ("more than it", "{} {}".to_owned(), false),
            ("half of it", "[".to_owned(), false),
        ] {
            assert_eq!(is_sound(&json, WHOLE), good, "{name}");
        }
    }
}
