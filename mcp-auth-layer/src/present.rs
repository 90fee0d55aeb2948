//! Optional JSON members, read strictly: only absence is absence.

use serde::{Deserialize, Deserializer};

/// Reads an optional member for which `null` is not the same as absent.
///
/// serde takes `null` for [`None`], so a check of a member's presence could be passed by `null`. Goes with `#[serde(default)]`.
pub(crate) fn present<'de, D, T>(member: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(member).map(Some)
}
