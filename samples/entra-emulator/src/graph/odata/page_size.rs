/// How many messages one page holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::graph) enum PageSize {
    /// The service's own size.
    Default,
    /// The size that the client asked for.
    Preferred(usize),
}

const DEFAULT: usize = 100;
const MAX: usize = 1000;

impl PageSize {
    /// Reads a `Prefer` header.
    ///
    /// A preference that cannot be honoured counts as absent (RFC 7240 section 2): no `Preference-Applied` follows.
    pub(in crate::graph) fn preferred(header: Option<&str>) -> Self {
        header
            .into_iter()
            .flat_map(|header| header.split(','))
            .filter_map(|preference| preference.split_once('='))
            // Names are case-insensitive; `odata.` is the OData 4.0 form and optional since 4.01.
            .find(|(name, _)| {
                let name = name.trim().to_ascii_lowercase();
                name == "odata.maxpagesize" || name == "maxpagesize"
            })
            .and_then(|(_, value)| value.trim().trim_matches('"').parse().ok())
            .filter(|size| (1..=MAX).contains(size))
            .map_or(Self::Default, Self::Preferred)
    }

    pub(in crate::graph) fn get(self) -> usize {
        match self {
            Self::Default => DEFAULT,
            Self::Preferred(size) => size,
        }
    }

    /// The value of `Preference-Applied`.
    pub(in crate::graph) fn applied(self) -> Option<String> {
        match self {
            Self::Default => None,
            Self::Preferred(size) => Some(format!("odata.maxpagesize={size}")),
        }
    }
}
