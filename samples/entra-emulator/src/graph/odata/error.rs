/// Explains why a query option is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// An option with `$` that OData or this collection does not know.
    #[error("the query option '{name}' is not supported")]
    UnknownOption {
        /// The option as it was sent, decoded.
        name: String,
    },
    /// The same option twice.
    #[error("the query option '{name}' must not be given more than once")]
    RepeatedOption {
        /// The option's name.
        name: &'static str,
    },
    /// Percent-encoding that is broken, or does not decode to UTF-8.
    #[error("the query string is not properly percent-encoded")]
    Encoding,
    /// `$top` or `$skip` that is not a whole number from zero.
    #[error("the value '{value}' for {name} is not a non-negative integer")]
    NotANumber {
        /// The option's name.
        name: &'static str,
        /// The value as it was sent, decoded.
        value: String,
    },
    /// `$count` that is neither `true` nor `false`.
    #[error("the value '{value}' for $count is neither 'true' nor 'false'")]
    NotABoolean {
        /// The value as it was sent, decoded.
        value: String,
    },
    /// `$filter` that does not parse or does not type.
    #[error("invalid filter clause")]
    Filter(#[from] FilterError),
    /// `$orderby` on something that cannot be sorted by.
    #[error("invalid orderby clause: '{item}' is not a sortable property with 'asc' or 'desc'")]
    OrderBy {
        /// The item of the list.
        item: String,
    },
    /// `$select` of a property that does not exist.
    #[error("invalid select clause: type '{}' has no property '{name}'", super::schema::ENTITY_TYPE)]
    Select {
        /// The name that was asked for.
        name: String,
    },
}

/// Explains why a `$filter` expression is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// Nothing but white space.
    #[error("the expression is empty")]
    Empty,
    /// A character that no token begins with.
    #[error("unexpected character '{found}' at position {at}")]
    Character {
        /// The character.
        found: char,
        /// Its position, in characters from zero.
        at: usize,
    },
    /// A string without its closing quote.
    #[error("the string literal at position {at} is not terminated")]
    Unterminated {
        /// Where the string begins.
        at: usize,
    },
    /// Digits that form neither a number nor a date nor a date and time with offset.
    #[error("'{text}' at position {at} is not a literal of a supported type")]
    Literal {
        /// The literal.
        text: String,
        /// Where it begins.
        at: usize,
    },
    /// A token where another was needed.
    #[error("syntax error at position {at}: expected {expected}")]
    Syntax {
        /// What would have been accepted.
        expected: &'static str,
        /// Where the offending token begins, or the expression ends.
        at: usize,
    },
    /// More nesting than the parser follows.
    #[error("the expression is nested more than {limit} levels deep")]
    TooDeep {
        /// The bound.
        limit: usize,
    },
    /// More operands than the parser takes.
    #[error("the expression has more than {limit} operands")]
    TooLong {
        /// The bound.
        limit: usize,
    },
    /// A name that the entity type does not have.
    #[error("could not find a property '{path}' on type '{}'", super::schema::ENTITY_TYPE)]
    UnknownProperty {
        /// The path as it was written.
        path: String,
    },
    /// A property that exists but takes no part in filters.
    #[error("the property '{path}' does not support filters")]
    NotFilterable {
        /// The path as it was written.
        path: String,
    },
    /// A function, or a lambda operator, outside the supported set.
    #[error("an unknown or unsupported function '{name}' was found")]
    UnknownFunction {
        /// The function's name.
        name: String,
    },
    /// A known function with wrong operands.
    #[error("the function '{name}' takes {expected}, and found {found}")]
    Arguments {
        /// The function's name.
        name: &'static str,
        /// What it takes.
        expected: &'static str,
        /// What it was given.
        found: String,
    },
    /// Operands that cannot be compared with each other.
    #[error("operator '{operator}' cannot be applied to '{left}' and '{right}'")]
    Incompatible {
        /// The operator.
        operator: &'static str,
        /// The type on the left.
        left: &'static str,
        /// The type on the right.
        right: &'static str,
    },
    /// A truth value was needed.
    #[error("{place} must be of type 'Edm.Boolean', not '{found}'")]
    NotBoolean {
        /// Where.
        place: &'static str,
        /// The type found.
        found: &'static str,
    },
    /// A member that the enumeration does not have.
    #[error("'{member}' is not a member of '{enumeration}'")]
    UnknownMember {
        /// The member as it was written.
        member: String,
        /// The enumeration's full name.
        enumeration: String,
    },
    /// `any` over something that is not a collection.
    #[error("'any' needs a collection, and '{path}' is not one")]
    NotACollection {
        /// The path as it was written.
        path: String,
    },
    /// A collection where a single value was needed.
    #[error("the collection '{path}' can only be filtered with 'any'")]
    Collection {
        /// The path as it was written.
        path: String,
    },
    /// Lambdas inside lambdas beyond the bound.
    #[error("'any' is nested more than {limit} levels deep")]
    LambdaTooDeep {
        /// The bound.
        limit: usize,
    },
    /// A lambda variable that hides another.
    #[error("the range variable '{name}' has been declared already")]
    Shadowed {
        /// The variable.
        name: String,
    },
}
