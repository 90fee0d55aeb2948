use super::value::{Enumeration, Type, Value};
use crate::graph::message::{Category, Message, Severity};

/// The entity type whose properties may be named in a query.
pub(super) const ENTITY_TYPE: &str = "microsoft.graph.serviceUpdateMessage";

/// A property with one value per message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Property {
    Id,
    Title,
    Category,
    Severity,
    IsMajorChange,
    HasAttachments,
    Start,
    End,
    LastModified,
    ActionRequiredBy,
    BodyContent,
    BodyContentType,
}

/// A property with many values per message, all of them strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Collection {
    Tags,
    Services,
}

/// What a path in an expression names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Member {
    Single(Property),
    Many(Collection),
    /// Exists, but Graph documents it as not filterable or it has no comparable value.
    Opaque,
}

const MEMBERS: [(&str, Member); 22] = [
    ("id", Member::Single(Property::Id)),
    ("title", Member::Single(Property::Title)),
    ("category", Member::Single(Property::Category)),
    ("severity", Member::Single(Property::Severity)),
    ("isMajorChange", Member::Single(Property::IsMajorChange)),
    ("hasAttachments", Member::Single(Property::HasAttachments)),
    ("startDateTime", Member::Single(Property::Start)),
    ("endDateTime", Member::Single(Property::End)),
    ("lastModifiedDateTime", Member::Single(Property::LastModified)),
    ("actionRequiredByDateTime", Member::Single(Property::ActionRequiredBy)),
    ("body/content", Member::Single(Property::BodyContent)),
    ("body/contentType", Member::Single(Property::BodyContentType)),
    ("tags", Member::Many(Collection::Tags)),
    ("services", Member::Many(Collection::Services)),
    ("body", Member::Opaque),
    ("details", Member::Opaque),
    ("viewPoint", Member::Opaque),
    ("attachmentsArchive", Member::Opaque),
    ("attachments", Member::Opaque),
    ("viewPoint/isRead", Member::Opaque),
    ("viewPoint/isArchived", Member::Opaque),
    ("viewPoint/isFavorited", Member::Opaque),
];

/// Finds what a path names; case matters.
pub(super) fn member(path: &str) -> Option<Member> {
    MEMBERS.iter().find(|(name, _)| *name == path).map(|(_, member)| *member)
}

/// Finds a top-level property that `$select` may name.
pub(super) fn selectable(name: &str) -> Option<&'static str> {
    MEMBERS
        .iter()
        .map(|(known, _)| *known)
        // `attachments` is a navigation property: it is expanded, never selected as a value.
        .filter(|known| !known.contains('/') && *known != "attachments")
        .find(|known| *known == name)
}

impl Property {
    pub(super) fn value_type(self) -> Type {
        match self {
            Self::Id | Self::Title | Self::BodyContent | Self::BodyContentType => Type::Text,
            Self::Category => Type::Enumeration(Enumeration::Category),
            Self::Severity => Type::Enumeration(Enumeration::Severity),
            Self::IsMajorChange | Self::HasAttachments => Type::Boolean,
            Self::Start | Self::End | Self::LastModified | Self::ActionRequiredBy => Type::Instant,
        }
    }

    pub(super) fn of(self, message: &Message) -> Value<'_> {
        match self {
            Self::Id => Value::Text(message.id.as_str().into()),
            Self::Title => Value::Text(message.title.as_str().into()),
            Self::BodyContent => Value::Text(message.body.as_str().into()),
            Self::BodyContentType => Value::Text("html".into()),
            Self::Category => Value::Member(message.category as usize),
            Self::Severity => Value::Member(message.severity as usize),
            Self::IsMajorChange => Value::Boolean(message.is_major_change),
            Self::HasAttachments => Value::Boolean(false),
            Self::Start => Value::Instant(message.start),
            Self::End => Value::Instant(message.end),
            Self::LastModified => Value::Instant(message.last_modified),
            Self::ActionRequiredBy => message.action_required_by.map_or(Value::Null, Value::Instant),
        }
    }

    /// Whether `$orderby` takes it: everything but what lies inside the body.
    pub(super) fn is_sortable(self) -> bool {
        !matches!(self, Self::BodyContent | Self::BodyContentType)
    }
}

impl Collection {
    pub(super) fn of(self, message: &Message) -> &[String] {
        match self {
            Self::Tags => &message.tags,
            Self::Services => &message.services,
        }
    }
}

impl Enumeration {
    /// The full name, as in the qualified form of a literal.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Category => "microsoft.graph.serviceUpdateCategory",
            Self::Severity => "microsoft.graph.serviceUpdateSeverity",
        }
    }

    /// Finds the enumeration of a qualified literal.
    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Category, Self::Severity].into_iter().find(|enumeration| enumeration.name() == name)
    }

    /// Finds the numeric value of a member.
    pub(super) fn member(self, name: &str) -> Option<usize> {
        match self {
            Self::Category => Category::ALL.iter().position(|c| c.name() == name),
            Self::Severity => Severity::ALL.iter().position(|s| s.name() == name),
        }
    }
}
