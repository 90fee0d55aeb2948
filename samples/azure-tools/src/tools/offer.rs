//! Which tools a server offers: by namespace, by name, and without those that write.

use std::fmt;

use super::{Effect, Tool, all};

/// The tools of a server.
#[derive(Clone, Debug)]
pub struct Offer {
    tools: Vec<Tool>,
    read_only: bool,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Offered<'a> {
    Yes(&'a Tool),
    /// It would be, if this server might write.
    ReadOnly(&'a Tool),
    No,
}

/// A name that no tool or namespace has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The option.
    pub option: &'static str,
    /// What was given.
    pub given: String,
    /// What could have been.
    pub known: Vec<&'static str>,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?} is not known; write one of {}", self.option, self.given, self.known.join(", "))
    }
}

impl Offer {
    /// Chooses tools; empty lists choose all, and `read_only` leaves out what writes.
    ///
    /// # Errors
    /// Every name that is not known.
    pub fn of(namespaces: &[String], names: &[String], read_only: bool) -> Result<Self, Vec<Unknown>> {
        let mut tools = all();
        let mut unknown = unknown("--namespace", namespaces, tools.iter().map(|tool| tool.spec().namespace));
        unknown.extend(self::unknown("--tool", names, tools.iter().map(|tool| tool.spec().name)));
        if !unknown.is_empty() {
            return Err(unknown);
        }
        let is_among =
            |list: &[String], name: &str| list.is_empty() || list.iter().any(|one| one.eq_ignore_ascii_case(name));
        tools.retain(|tool| is_among(namespaces, tool.spec().namespace) && is_among(names, tool.spec().name));
        Ok(Self { tools, read_only })
    }

    /// Returns what is listed.
    pub fn tools(&self) -> impl Iterator<Item = &Tool> {
        self.tools.iter().filter(|tool| self.may_run(tool))
    }

    pub(crate) fn find(&self, name: &str) -> Offered<'_> {
        match self.tools.iter().find(|tool| tool.spec().name == name) {
            None => Offered::No,
            Some(tool) if self.may_run(tool) => Offered::Yes(tool),
            Some(tool) => Offered::ReadOnly(tool),
        }
    }

    fn may_run(&self, tool: &Tool) -> bool {
        !self.read_only || tool.spec().effect == Effect::Reads
    }
}

fn unknown(option: &'static str, given: &[String], known: impl Iterator<Item = &'static str>) -> Vec<Unknown> {
    let mut known: Vec<_> = known.collect();
    known.dedup();
    let is_unknown = |one: &&String| !known.iter().any(|name| name.eq_ignore_ascii_case(one));
    given.iter().filter(is_unknown).map(|one| Unknown { option, given: one.clone(), known: known.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITERS: [&str; 3] =
        ["azmcp_communication_sms_send", "azmcp_communication_email_send", "azmcp_confidentialledger_entries_append"];

    #[test]
    fn what_writes_is_hidden_and_refused_where_nothing_may_be_changed() {
        let (reading, writing) = (Offer::of(&[], &[], true).unwrap(), Offer::of(&[], &[], false).unwrap());
        for tool in all() {
            let (name, writes) = (tool.spec().name, WRITERS.contains(&tool.spec().name));
            assert_eq!(matches!(reading.find(name), Offered::ReadOnly(_)), writes, "{name}");
            assert_eq!(matches!(reading.find(name), Offered::Yes(_)), !writes, "{name}");
            assert_eq!(reading.tools().any(|one| one.spec().name == name), !writes, "{name}");
            assert!(matches!(writing.find(name), Offered::Yes(_)), "{name}");
            let annotations = tool.described(None).annotations.unwrap();
            assert_eq!(
                (annotations.read_only_hint, annotations.destructive_hint),
                (Some(!writes), Some(writes)),
                "{name}"
            );
        }
        assert!(matches!(writing.find("azmcp_moon_land"), Offered::No));
    }

    #[test]
    fn a_tool_that_is_named_must_be_of_a_namespace_that_is_named() {
        let words = |word: &str| [word.to_owned()];
        let offer = Offer::of(&words("storage"), &words("azmcp_group_list"), false).unwrap();
        assert_eq!(offer.tools().count(), 0);
        assert!(matches!(offer.find("azmcp_group_list"), Offered::No));
    }
}
