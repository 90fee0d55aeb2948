//! What a person or a client can quote, and what stands in the log beside the cause.

use std::fmt;

use uuid::Uuid;

/// A random word: it says nothing, and finds the one line that says it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Reference(u64);

impl Reference {
    pub(super) fn random() -> Self {
        Self(Uuid::new_v4().as_u64_pair().0)
    }
}

/// In groups, since people read it out.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = [48, 32, 16, 0].map(|by| self.0 >> by & 0xffff);
        write!(f, "{a:04x}-{b:04x}-{c:04x}-{d:04x}")
    }
}

/// As it is read out: whoever looks for it in a log looks for that.
impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_another_each_time_and_can_be_read_out() {
        let (one, other) = (Reference::random(), Reference::random());
        assert_ne!(one, other);
        let text = one.to_string();
        let groups: Vec<_> = text.split('-').collect();
        assert_eq!(groups.len(), 4, "{text}");
        let is_word = |group: &&str| group.len() == 4 && group.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(groups.iter().all(is_word), "{text}");
        assert_eq!(format!("{one:?}"), text, "the log and the page say the same");
    }
}
