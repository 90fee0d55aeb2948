use jiff::Timestamp;

/// An expression as it was written: names are not resolved, types not checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Syntax {
    Literal(Literal),
    /// Segments of a path, at least one.
    Path(Vec<String>),
    Call {
        function: String,
        arguments: Vec<Syntax>,
    },
    Any {
        collection: Vec<String>,
        /// Range variable and condition; `any()` has neither.
        condition: Option<(String, Box<Syntax>)>,
    },
    Not(Box<Syntax>),
    Binary {
        operator: Operator,
        left: Box<Syntax>,
        right: Box<Syntax>,
    },
}

/// A literal value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Literal {
    Null,
    Boolean(bool),
    Integer(i64),
    /// Edm.Date, held as its midnight in UTC.
    Date(Timestamp),
    Instant(Timestamp),
    Text(String),
    /// `microsoft.graph.serviceUpdateSeverity'high'`
    Member {
        enumeration: String,
        member: String,
    },
}

/// An operator between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Compare(Comparison),
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

impl Operator {
    const ALL: [Self; 8] = [
        Self::Or,
        Self::And,
        Self::Compare(Comparison::Eq),
        Self::Compare(Comparison::Ne),
        Self::Compare(Comparison::Gt),
        Self::Compare(Comparison::Ge),
        Self::Compare(Comparison::Lt),
        Self::Compare(Comparison::Le),
    ];

    /// The operator that a name is, in lower case only.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Compare(comparison) => comparison.name(),
        }
    }

    /// How tightly it binds (OData 4.01 part 2, 5.1.1.17).
    pub(super) fn precedence(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Compare(Comparison::Eq | Comparison::Ne) => 3,
            Self::Compare(_) => 4,
        }
    }
}

impl Comparison {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Le => "le",
        }
    }
}
