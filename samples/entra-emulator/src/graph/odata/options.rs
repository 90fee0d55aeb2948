use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::error::QueryError;
use super::filter::Filter;
use super::order_by::OrderBy;
use super::schema;
use crate::graph::message::Message;

/// The query options of one request, checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::graph) struct ListOptions {
    pub(in crate::graph) top: Option<usize>,
    pub(in crate::graph) skip: usize,
    pub(in crate::graph) count: bool,
    /// Names of top-level properties; empty stands for all of them.
    pub(in crate::graph) select: Vec<&'static str>,
    filter: Option<Filter>,
    order_by: Option<OrderBy>,
    /// Options that the next page repeats, decoded.
    repeated: Vec<(&'static str, String)>,
}

/// The options this collection knows.
const KNOWN: [&str; 6] = ["$filter", "$orderby", "$top", "$skip", "$count", "$select"];

/// Kept readable in a link; everything else that is not a letter or digit is encoded.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'(')
    .remove(b')')
    .remove(b',')
    .remove(b'/')
    .remove(b':');

impl ListOptions {
    /// Reads a raw query string.
    pub(in crate::graph) fn parse(query: &str) -> Result<Self, QueryError> {
        let mut options = Self::default();
        let mut seen = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            // Names without `$` belong to nobody and are passed over (OData 4.01 part 2, 5.2).
            if !name.starts_with('$') {
                continue;
            }
            let Some(known) = KNOWN.into_iter().find(|known| *known == name) else {
                return Err(QueryError::UnknownOption { name });
            };
            if seen.contains(&known) {
                return Err(QueryError::RepeatedOption { name: known });
            }
            seen.push(known);
            options.set(known, value)?;
        }
        Ok(options)
    }

    fn set(&mut self, name: &'static str, value: String) -> Result<(), QueryError> {
        match name {
            "$top" => self.top = Some(number(name, &value)?),
            "$skip" => self.skip = number(name, &value)?,
            "$count" => self.count = boolean(&value)?,
            "$select" => self.select = names(&value)?,
            "$orderby" => self.order_by = Some(OrderBy::parse(&value)?),
            _ => self.filter = Some(Filter::parse(&value)?),
        }
        if name != "$top" && name != "$skip" {
            self.repeated.push((name, value));
        }
        Ok(())
    }

    /// The messages that pass the filter, in the order asked for.
    pub(in crate::graph) fn matching<'m>(&self, messages: &'m [Message]) -> Vec<&'m Message> {
        let passes = |message: &&Message| self.filter.as_ref().is_none_or(|f| f.matches(message));
        let mut found: Vec<_> = messages.iter().filter(passes).collect();
        if let Some(order_by) = &self.order_by {
            found.sort_by(|left, right| order_by.compare(left, right));
        }
        found
    }

    /// The query of the page that follows one with `shown` messages.
    pub(in crate::graph) fn next_page(&self, shown: usize) -> String {
        let mut pairs: Vec<_> =
            self.repeated.iter().map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, VALUE))).collect();
        if let Some(top) = self.top {
            pairs.push(format!("$top={}", top.saturating_sub(shown)));
        }
        pairs.push(format!("$skip={}", self.skip.saturating_add(shown)));
        pairs.join("&")
    }
}

/// Decodes once, as a form: clients that build queries as forms send blanks as `+`, and Graph reads them so.
fn decode(text: &str) -> Result<String, QueryError> {
    let mut escapes = text.split('%').skip(1);
    let whole = |escape: &str| {
        let digits = escape.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !escapes.all(whole) {
        return Err(QueryError::Encoding);
    }
    let blanks = text.replace('+', " ");
    percent_decode_str(&blanks).decode_utf8().map(|decoded| decoded.into_owned()).map_err(|_| QueryError::Encoding)
}

fn number(name: &'static str, value: &str) -> Result<usize, QueryError> {
    // `parse` alone would take a leading plus sign.
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let parsed = value.parse::<i32>().ok().filter(|_| digits);
    parsed
        .and_then(|number| usize::try_from(number).ok())
        .ok_or_else(|| QueryError::NotANumber { name, value: value.to_owned() })
}

fn boolean(value: &str) -> Result<bool, QueryError> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(QueryError::NotABoolean { value: value.to_owned() }),
    }
}

fn names(value: &str) -> Result<Vec<&'static str>, QueryError> {
    value
        .split(',')
        .map(|name| {
            let name = name.trim();
            schema::selectable(name).ok_or_else(|| QueryError::Select { name: name.to_owned() })
        })
        .collect()
}
