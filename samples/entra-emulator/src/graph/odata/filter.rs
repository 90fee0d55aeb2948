use std::borrow::Cow;

use super::bind;
use super::error::FilterError;
use super::parser;
use super::schema::{Collection, Property};
use super::syntax::Comparison;
use super::value::Value;
use crate::graph::message::Message;

/// A `$filter` expression whose names and types have been checked.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Filter {
    condition: Node,
}

/// A node of the typed tree.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Literal(Value<'static>),
    Property(Property),
    /// A range variable by its distance from the outermost lambda.
    Variable(usize),
    Lower(Box<Node>),
    Search(Search, Box<Node>, Box<Node>),
    Any(Collection, Option<Box<Node>>),
    Not(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Compare(Comparison, Box<Node>, Box<Node>),
}

/// A function that looks for one string in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Search {
    Contains,
    StartsWith,
}

impl Filter {
    /// Reads an expression.
    pub(super) fn parse(text: &str) -> Result<Self, FilterError> {
        let condition = bind::condition(&parser::parse(text)?)?;
        Ok(Self { condition })
    }

    /// Whether a message passes; null is not true (OData 4.01 part 1, 11.2.6.1).
    pub(super) fn matches(&self, message: &Message) -> bool {
        let mut scope = Scope { message, variables: Vec::new() };
        scope.truth(&self.condition) == Some(true)
    }
}

struct Scope<'m> {
    message: &'m Message,
    /// Values of the range variables in force, outermost first.
    variables: Vec<&'m str>,
}

impl<'m> Scope<'m> {
    fn value(&mut self, node: &'m Node) -> Value<'m> {
        match node {
            Node::Literal(value) => value.clone(),
            Node::Property(property) => property.of(self.message),
            Node::Variable(index) => Value::Text(Cow::Borrowed(self.variables[*index])),
            Node::Lower(operand) => match self.value(operand) {
                Value::Text(text) => Value::Text(text.to_lowercase().into()),
                other => other,
            },
            condition => self.truth(condition).map_or(Value::Null, Value::Boolean),
        }
    }

    /// The truth of a condition, with null as the third value (OData 4.01 part 2, 5.1.1.1.7 to 9).
    fn truth(&mut self, node: &'m Node) -> Option<bool> {
        match node {
            Node::And(left, right) => match (self.truth(left), self.truth(right)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Node::Or(left, right) => match (self.truth(left), self.truth(right)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Node::Not(operand) => self.truth(operand).map(|truth| !truth),
            Node::Compare(comparison, left, right) => {
                let (left, right) = (self.value(left), self.value(right));
                Some(compare(*comparison, &left, &right))
            }
            Node::Search(search, text, part) => match (self.value(text), self.value(part)) {
                (Value::Text(text), Value::Text(part)) => Some(search.finds(&text, &part)),
                _ => None,
            },
            Node::Any(collection, condition) => Some(self.any(*collection, condition.as_deref())),
            leaf => match self.value(leaf) {
                Value::Boolean(truth) => Some(truth),
                _ => None,
            },
        }
    }

    fn any(&mut self, collection: Collection, condition: Option<&'m Node>) -> bool {
        let items = collection.of(self.message);
        let Some(condition) = condition else {
            return !items.is_empty();
        };
        items.iter().any(|item| {
            self.variables.push(item);
            let truth = self.truth(condition);
            self.variables.pop();
            truth == Some(true)
        })
    }
}

impl Search {
    fn finds(self, text: &str, part: &str) -> bool {
        match self {
            Self::Contains => text.contains(part),
            Self::StartsWith => text.starts_with(part),
        }
    }
}

/// Null equals null only, and is neither greater nor less than anything (OData 4.01 part 2, 5.1.1.1.1 to 6).
fn compare(comparison: Comparison, left: &Value<'_>, right: &Value<'_>) -> bool {
    let has_null = *left == Value::Null || *right == Value::Null;
    match comparison {
        Comparison::Eq => left == right,
        Comparison::Ne => left != right,
        Comparison::Gt => !has_null && left > right,
        Comparison::Ge => !has_null && left >= right,
        Comparison::Lt => !has_null && left < right,
        Comparison::Le => !has_null && left <= right,
    }
}
