use std::borrow::Cow;

use jiff::Timestamp;

/// One value of an expression.
///
/// The derived order is that of `$orderby`: null before everything (OData 4.01 part 1, 11.2.6.2). Values of two
/// different kinds never meet: `bind` refuses such comparisons.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Value<'a> {
    Null,
    Boolean(bool),
    Integer(i64),
    /// A member of an enumeration by its numeric value.
    Member(usize),
    Instant(Timestamp),
    Text(Cow<'a, str>),
}

/// The static type of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Null,
    Boolean,
    Integer,
    Date,
    Instant,
    Text,
    Enumeration(Enumeration),
}

/// The enumerations of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Enumeration {
    Category,
    Severity,
}

impl Type {
    /// The type's name as error texts show it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "Edm.Boolean",
            Self::Integer => "Edm.Int64",
            Self::Date => "Edm.Date",
            Self::Instant => "Edm.DateTimeOffset",
            Self::Text => "Edm.String",
            Self::Enumeration(enumeration) => enumeration.name(),
        }
    }
}
