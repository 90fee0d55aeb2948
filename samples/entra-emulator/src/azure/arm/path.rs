//! What a path of Resource Manager names.

use super::refusal;
use crate::azure::{Call, Denial, Kind};

/// One thing, or a list of things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Subscriptions,
    Subscription(String),
    Groups(String),
    Group(String, String),
    Resources { subscription: String, group: Option<String>, kind: Kind },
    Resource { subscription: String, group: String, kind: Kind, name: String },
}

impl Target {
    /// Reads a path; the words of Resource Manager's own are compared without their case.
    pub(super) fn read(call: &Call) -> Result<Self, Denial> {
        let segments = call.segments();
        let parts: Vec<_> = segments.iter().map(String::as_str).collect();
        let unknown = || refusal::no_type(&call.path);
        let is = |word: &str, known: &str| word.eq_ignore_ascii_case(known);
        let ["subscriptions", rest @ ..] = &*lower_first(&parts) else { return Err(unknown()) };
        Ok(match rest {
            [] => Self::Subscriptions,
            [id] => Self::Subscription((*id).to_owned()),
            [id, word] if is(word, "resourcegroups") => Self::Groups((*id).to_owned()),
            [id, word, group] if is(word, "resourcegroups") => Self::Group((*id).to_owned(), (*group).to_owned()),
            [id, word, space, kind] if is(word, "providers") => Self::Resources {
                subscription: (*id).to_owned(),
                group: None,
                kind: find(space, kind).ok_or_else(unknown)?,
            },
            [id, word, group, providers, space, kind, name @ ..]
                if is(word, "resourcegroups") && is(providers, "providers") && name.len() < 2 =>
            {
                let (subscription, group) = ((*id).to_owned(), (*group).to_owned());
                let kind = find(space, kind).ok_or_else(unknown)?;
                match name.first() {
                    None => Self::Resources { subscription, group: Some(group), kind },
                    Some(name) => Self::Resource { subscription, group, kind, name: (*name).to_owned() },
                }
            }
            _ => return Err(unknown()),
        })
    }

    /// Returns the scope at which the caller's roles count.
    pub(super) fn scope(&self) -> String {
        match self {
            Self::Subscriptions => "/".to_owned(),
            Self::Subscription(id) | Self::Groups(id) => format!("/subscriptions/{id}"),
            Self::Group(id, group) => format!("/subscriptions/{id}/resourceGroups/{group}"),
            Self::Resources { subscription, group: None, .. } => format!("/subscriptions/{subscription}"),
            Self::Resources { subscription, group: Some(group), .. } => {
                format!("/subscriptions/{subscription}/resourceGroups/{group}")
            }
            Self::Resource { subscription, group, kind, name } => {
                let kind = kind.type_name();
                format!("/subscriptions/{subscription}/resourceGroups/{group}/providers/{kind}/{name}")
            }
        }
    }
}

/// The first word decides; it is compared without its case too.
fn lower_first<'a>(parts: &[&'a str]) -> Vec<&'a str> {
    let mut parts = parts.to_vec();
    if let Some(first) = parts.first_mut().filter(|first| first.eq_ignore_ascii_case("subscriptions")) {
        *first = "subscriptions";
    }
    parts
}

fn find(space: &str, kind: &str) -> Option<Kind> {
    let full = format!("{space}/{kind}");
    Kind::ALL.into_iter().find(|known| known.type_name().eq_ignore_ascii_case(&full))
}
