//! Arguments that many tools take, and how their schemas are written.
//!
//! Every name is checked against the grammar that Azure has for it before it enters an address, and the schema says the same
//! grammar. Names of resources are taken in ASCII only: Azure allows no others, but for resource groups.

use std::{borrow::Cow, fmt, marker::PhantomData, ops::Deref};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rmcp::model::JsonObject;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value;
use server_kit::failure::{Failure, Who};

pub(crate) use super::grammar::*;

/// Names one type only for each argument: some clients cannot read a list of types, and leaving an argument out says the same
/// as null.
pub(super) fn plain(schema: &JsonObject) -> JsonObject {
    let mut schema = schema.clone();
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for property in properties.into_iter().flat_map(|properties| properties.values_mut()) {
        let named = property["type"].as_array().and_then(|types| types.iter().find(|one| *one != "null")).cloned();
        if let Some(named) = named {
            property["type"] = named;
        }
    }
    schema
}

/// A text that follows a grammar.
#[derive(Deserialize)]
#[serde(try_from = "String", bound = "G: Grammar")]
pub(crate) struct Text<G>(String, PhantomData<fn() -> G>);

impl<G> Text<G> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Writes it as one segment of a path, or one value of a query.
    pub(crate) fn encoded(&self) -> Cow<'_, str> {
        encoded(&self.0)
    }
}

impl<G: Grammar> TryFrom<String> for Text<G> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let length = text.chars().count();
        if length >= G::LENGTH.0 && length <= G::LENGTH.1 && G::holds(&text) {
            return Ok(Self(text, PhantomData));
        }
        Err(format!("{} must be {} to {} characters: {}", G::WHAT, G::LENGTH.0, G::LENGTH.1, G::RULE))
    }
}

impl<G: Grammar> JsonSchema for Text<G> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        G::WHAT.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        match G::PATTERN {
            Some(pattern) => {
                json_schema!({"type": "string", "minLength": G::LENGTH.0, "maxLength": G::LENGTH.1, "pattern": pattern})
            }
            None => json_schema!({"type": "string", "minLength": G::LENGTH.0, "maxLength": G::LENGTH.1}),
        }
    }
}

impl<G> fmt::Debug for Text<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One to `MOST` texts.
#[derive(Deserialize)]
#[serde(try_from = "Vec<Text<G>>", bound = "G: Grammar")]
pub(crate) struct Several<G, const MOST: usize>(Vec<Text<G>>);

impl<G: Grammar, const MOST: usize> TryFrom<Vec<Text<G>>> for Several<G, MOST> {
    type Error = String;

    fn try_from(list: Vec<Text<G>>) -> Result<Self, String> {
        let holds = (1..=MOST).contains(&list.len());
        if holds { Ok(Self(list)) } else { Err(format!("{}: give 1 to {MOST}", G::WHAT)) }
    }
}

impl<G, const MOST: usize> Deref for Several<G, MOST> {
    type Target = [Text<G>];

    fn deref(&self) -> &[Text<G>] {
        &self.0
    }
}

impl<G: Grammar, const MOST: usize> JsonSchema for Several<G, MOST> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("list of {}", G::WHAT).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let items = Text::<G>::json_schema(generator);
        json_schema!({"type": "array", "items": items, "minItems": 1, "maxItems": MOST})
    }
}

impl<G, const MOST: usize> fmt::Debug for Several<G, MOST> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What RFC 3986 section 2.3 leaves as it is.
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn encoded(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, &RESERVED).into()
}

/// Which items of a list are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    skip: usize,
    top: usize,
}

impl Window {
    pub(crate) const TOP: u32 = 100;
    pub(crate) const MOST: u32 = 500;
    pub(crate) const FURTHEST: u32 = 10_000;

    /// Reads the arguments `top` and `skip`.
    pub(crate) fn of(top: Option<u32>, skip: Option<u32>) -> Result<Self, Failure> {
        let (top, skip) = (top.unwrap_or(Self::TOP), skip.unwrap_or(0));
        if top == 0 || top > Self::MOST || skip > Self::FURTHEST {
            let cause = format!("top must be 1 to {}, and skip at most {}.", Self::MOST, Self::FURTHEST);
            return Err(Failure::new("invalid_arguments", Who::Caller, cause, "Correct them and call again."));
        }
        Ok(Self { skip: skip as usize, top: top as usize })
    }

    /// Returns how many are shown at most.
    pub(crate) const fn top(self) -> usize {
        self.top
    }

    /// Returns how many items must be read: one more than are shown, to know whether that is all.
    pub(crate) const fn wanted(self) -> usize {
        self.skip + self.top + 1
    }

    /// Lets go of items that are not shown; their places stay, and are counted.
    ///
    /// Ten thousand of them are skipped in one call, and many calls run at once.
    pub(crate) fn thin(self, items: &mut [Value]) {
        items.iter_mut().take(self.skip).for_each(|item| *item = Value::Null);
    }

    /// Makes the result under this name, of each item as it is shown; what is left out is said.
    pub(crate) fn result<T>(self, name: &'static str, items: &[T], shown: impl Fn(&T) -> Value) -> Value {
        let is_cut = items.len() >= self.wanted();
        let shown: Vec<_> = items.iter().skip(self.skip).take(self.top).map(shown).collect();
        let mut result = JsonObject::new();
        result.insert(name.to_owned(), shown.into());
        result.insert("truncated".to_owned(), is_cut.into());
        if is_cut {
            result.insert("rest".to_owned(), self.rest().into());
        }
        Value::Object(result)
    }

    fn rest(self) -> String {
        match self.skip + self.top {
            next if next <= Self::FURTHEST as usize => format!("There are more: call again with skip={next}."),
            _ => "There are more, which are too far behind: narrow the list.".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_skipped_is_not_kept_and_is_counted() {
        let window = Window::of(Some(2), Some(3)).unwrap();
        let mut items: Vec<_> = (0..6).map(|number| json!({ "number": number })).collect();
        window.thin(&mut items);
        assert!(items[..3].iter().all(Value::is_null) && items.len() == window.wanted());
        let result = window.result("items", &items, |one| one["number"].clone());
        assert_eq!((&result["items"], &result["truncated"]), (&json!([3, 4]), &json!(true)));
        assert_eq!(result["rest"], "There are more: call again with skip=5.");
    }

    #[test]
    fn nobody_is_sent_where_no_call_can_go() {
        let window = Window::of(Some(500), Some(Window::FURTHEST)).unwrap();
        let result = window.result("items", &vec![(); window.wanted()], |()| Value::Null);
        let rest = result["rest"].as_str().unwrap();
        assert!(!rest.contains("skip="), "{rest}");
    }
}
