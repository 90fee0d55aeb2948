use std::cmp::Ordering;

use super::error::QueryError;
use super::schema::{self, Member, Property};
use crate::graph::message::Message;

/// A `$orderby` list, the most significant property first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OrderBy {
    keys: Vec<(Property, Direction)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Ascending,
    Descending,
}

impl OrderBy {
    /// Reads the comma list.
    pub(super) fn parse(text: &str) -> Result<Self, QueryError> {
        let keys = text.split(',').map(key).collect::<Result<_, _>>()?;
        Ok(Self { keys })
    }

    /// Compares two messages; those that differ in no key by id, so that pages never overlap.
    pub(super) fn compare(&self, left: &Message, right: &Message) -> Ordering {
        self.keys
            .iter()
            .map(|(property, direction)| {
                let order = property.of(left).cmp(&property.of(right));
                match direction {
                    Direction::Ascending => order,
                    Direction::Descending => order.reverse(),
                }
            })
            .find(|order| order.is_ne())
            .unwrap_or_else(|| left.id.cmp(&right.id))
    }
}

fn key(item: &str) -> Result<(Property, Direction), QueryError> {
    let refused = || QueryError::OrderBy { item: item.trim().to_owned() };
    let mut words = item.split_whitespace();
    let property = match words.next().and_then(schema::member) {
        Some(Member::Single(property)) if property.is_sortable() => property,
        _ => return Err(refused()),
    };
    let direction = match (words.next(), words.next()) {
        (None | Some("asc"), None) => Direction::Ascending,
        (Some("desc"), None) => Direction::Descending,
        _ => return Err(refused()),
    };
    Ok((property, direction))
}
