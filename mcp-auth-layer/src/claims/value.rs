//! The members of a payload as they stand there: borrowed wherever nothing is escaped, and of no other type than a claim may have.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};

/// A text.
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

/// As `aud` in RFC 7519 section 4.1.3: one string or a list of strings, nothing nested.
pub(super) enum Texts<'a> {
    One(Text<'a>),
    Many(Vec<Text<'a>>),
}

/// A claim that may be anything, and means something if it is a text, a list with texts in it, or a whole number.
pub(super) enum Loose<'a> {
    Text(Text<'a>),
    /// The texts of a list; whatever else stands in it means nothing.
    List(Vec<Text<'a>>),
    Number(u64),
    Other,
}

/// A claim that nobody asks for by type.
///
/// It is read as strictly as any other, where serde's own `IgnoredAny` takes numbers that are none and any depth: a payload is
/// good as a whole or not at all.
struct Unread;

impl<'a> Texts<'a> {
    pub(super) fn as_slice(&self) -> &[Text<'a>] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

impl<'a> Loose<'a> {
    pub(super) fn as_text(&self) -> Option<&Text<'a>> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(super) fn as_number(&self) -> Option<u64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    pub(super) fn as_texts(&self) -> &[Text<'a>] {
        match self {
            Self::Text(text) => std::slice::from_ref(text),
            Self::List(texts) => texts,
            Self::Number(_) | Self::Other => &[],
        }
    }
}

/// Reads a member once; one that stands twice is an error and not "the last one wins".
///
/// Null is not the same as absent: the type has to fit.
pub(crate) fn once<'de, A, T>(place: &mut Option<T>, members: &mut A, name: &'static str) -> Result<(), A::Error>
where
    A: MapAccess<'de>,
    T: Deserialize<'de>,
{
    if place.replace(members.next_value()?).is_some() {
        return Err(A::Error::duplicate_field(name));
    }
    Ok(())
}

/// Reads a member of which only the form counts.
pub(crate) fn pass<'de, A: MapAccess<'de>>(members: &mut A) -> Result<(), A::Error> {
    members.next_value::<Unread>().map(drop)
}

/// The groups and roles of most callers; a list that grows is copied each time.
const SOME: usize = 8;

/// What a visitor makes of each kind of value; what it does not say is an error.
trait Form<'de>: Sized {
    const EXPECTED: &'static str;

    fn text(_: Text<'de>) -> Option<Self> {
        None
    }

    fn number(_: u64) -> Option<Self> {
        None
    }

    /// Anything that is neither a text, nor a number as above, nor has parts.
    fn scalar() -> Option<Self> {
        None
    }

    fn list<A: SeqAccess<'de>>(_: A) -> Result<Self, A::Error> {
        Err(A::Error::custom(Self::EXPECTED))
    }

    fn object<A: MapAccess<'de>>(_: A) -> Result<Self, A::Error> {
        Err(A::Error::custom(Self::EXPECTED))
    }
}

impl<'de: 'a, 'a> Form<'de> for Text<'a> {
    const EXPECTED: &'static str = "a text";

    fn text(text: Text<'de>) -> Option<Self> {
        Some(text)
    }
}

impl<'de: 'a, 'a> Form<'de> for Texts<'a> {
    const EXPECTED: &'static str = "a text, or a list of texts";

    fn text(text: Text<'de>) -> Option<Self> {
        Some(Self::One(text))
    }

    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut texts = Vec::with_capacity(SOME);
        while let Some(text) = list.next_element()? {
            texts.push(text);
        }
        Ok(Self::Many(texts))
    }
}

impl<'de: 'a, 'a> Form<'de> for Loose<'a> {
    const EXPECTED: &'static str = "anything";

    fn text(text: Text<'de>) -> Option<Self> {
        Some(Self::Text(text))
    }

    fn number(number: u64) -> Option<Self> {
        Some(Self::Number(number))
    }

    fn scalar() -> Option<Self> {
        Some(Self::Other)
    }

    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut texts = Vec::with_capacity(SOME);
        while let Some(one) = list.next_element()? {
            if let Loose::Text(text) = one {
                texts.push(text);
            }
        }
        Ok(Self::List(texts))
    }

    fn object<A: MapAccess<'de>>(members: A) -> Result<Self, A::Error> {
        Unread::object(members).map(|Unread| Self::Other)
    }
}

impl<'de> Form<'de> for Unread {
    const EXPECTED: &'static str = "anything";

    fn text(_: Text<'de>) -> Option<Self> {
        Some(Self)
    }

    fn number(_: u64) -> Option<Self> {
        Some(Self)
    }

    fn scalar() -> Option<Self> {
        Some(Self)
    }

    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<Self>()?.is_some() {}
        Ok(Self)
    }

    fn object<A: MapAccess<'de>>(mut members: A) -> Result<Self, A::Error> {
        while members.next_entry::<Self, Self>()?.is_some() {}
        Ok(Self)
    }
}

/// The one visitor for all of them.
struct Reader<F>(PhantomData<F>);

impl<'de, F: Form<'de>> Visitor<'de> for Reader<F> {
    type Value = F;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(F::EXPECTED)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<F, E> {
        F::text(Text(Cow::Borrowed(text))).ok_or_else(|| E::custom(F::EXPECTED))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<F, E> {
        F::text(Text(Cow::Owned(text.to_owned()))).ok_or_else(|| E::custom(F::EXPECTED))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<F, E> {
        F::number(number).ok_or_else(|| E::custom(F::EXPECTED))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<F, E> {
        F::scalar().ok_or_else(|| E::custom(F::EXPECTED))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<F, E> {
        F::scalar().ok_or_else(|| E::custom(F::EXPECTED))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<F, E> {
        F::scalar().ok_or_else(|| E::custom(F::EXPECTED))
    }

    fn visit_unit<E: Error>(self) -> Result<F, E> {
        F::scalar().ok_or_else(|| E::custom(F::EXPECTED))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<F, A::Error> {
        F::list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<F, A::Error> {
        F::object(members)
    }
}

macro_rules! by_form {
    ($($form:ty),*) => {$(
        impl<'de: 'a, 'a> Deserialize<'de> for $form {
            fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
                value.deserialize_any(Reader(PhantomData))
            }
        }
    )*};
}

by_form!(Text<'a>, Texts<'a>, Loose<'a>);

impl<'de> Deserialize<'de> for Unread {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        value.deserialize_any(Reader(PhantomData))
    }
}
