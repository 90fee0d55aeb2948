//! The part of Cosmos DB's SQL that is served: `SELECT [TOP n] * FROM c [WHERE …] [ORDER BY …]`.
//!
//! Conditions compare a path with a value, joined by `AND`. As in the real one, what has no such property, or a value of
//! another type, is neither equal nor unequal to anything.

mod lexer;
mod parser;

use std::cmp::Ordering;

use serde::Deserialize;
use serde_json::Value;

use self::parser::{Condition, Order, Statement};
use super::refusal;
use crate::azure::Denial;

/// A query's body.
#[derive(Deserialize)]
struct Body {
    query: String,
    #[serde(default)]
    parameters: Vec<Parameter>,
}

/// A value for a name that begins with `@`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Parameter {
    name: String,
    value: Value,
}

/// A query that was understood.
pub(super) struct Query(Statement);

impl Query {
    pub(super) fn read(body: &[u8]) -> Result<Self, Denial> {
        let Body { query, parameters } =
            serde_json::from_slice(body).map_err(|_| refusal::syntax("the body is not a query", 0))?;
        parser::parse(&query, &parameters).map(Self)
    }

    /// Tells whether the parts of several partitions would have to be put together.
    pub(super) const fn is_across(&self) -> bool {
        self.0.top.is_some() || self.0.order.is_some()
    }

    pub(super) fn run(&self, items: Vec<Value>) -> Vec<Value> {
        let Statement { top, conditions, order } = &self.0;
        let mut found: Vec<_> =
            items.into_iter().filter(|item| conditions.iter().all(|condition| condition.takes(item))).collect();
        if let Some(Order { path, descending }) = order {
            // What lacks the property is not in the answer.
            found.retain(|item| at(item, path).is_some());
            found.sort_by(|a, b| {
                let ordering = at(a, path).zip(at(b, path)).and_then(|(a, b)| compare(a, b)).unwrap_or(Ordering::Equal);
                if *descending { ordering.reverse() } else { ordering }
            });
        }
        found.truncate(top.unwrap_or(usize::MAX));
        found
    }
}

impl Condition {
    fn takes(&self, item: &Value) -> bool {
        let Some(ordering) = at(item, &self.path).and_then(|value| compare(value, &self.value)) else { return false };
        match self.operator.as_str() {
            "=" => ordering == Ordering::Equal,
            "!=" | "<>" => ordering != Ordering::Equal,
            "<" => ordering == Ordering::Less,
            "<=" => ordering != Ordering::Greater,
            ">" => ordering == Ordering::Greater,
            _ => ordering != Ordering::Less,
        }
    }
}

/// The value at a path; none where a step is not there.
fn at<'a>(item: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(item, |value, step| value.get(step))
}

/// Compares two values of one type.
fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Number(a), Value::Number(b)) => a.as_f64()?.partial_cmp(&b.as_f64()?),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Null, Value::Null) => Some(Ordering::Equal),
        _ => None,
    }
}
