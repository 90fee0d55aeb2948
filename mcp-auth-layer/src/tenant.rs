//! Tenants: by their id, or as an administrator spells them.

use std::fmt;

use crate::config::ConfigError;

/// A tenant's id: a GUID, kept in lower case.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantId(
    /// ASCII, in place: every cached token of a caller has one.
    [u8; GUID],
);

/// The length of a GUID in its 8-4-4-4-12 form.
const GUID: usize = 36;

/// Where its hyphens are.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

impl TenantId {
    /// Reads a GUID in its 8-4-4-4-12 form.
    ///
    /// # Errors
    /// [`ConfigError::Tenant`] for anything else.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let mut id: [u8; GUID] = match text.as_bytes().try_into() {
            Ok(id) if is_guid(text) => id,
            _ => return Err(ConfigError::Tenant { given: text.to_owned() }),
        };
        id.make_ascii_lowercase();
        Ok(Self(id))
    }

    /// Returns the GUID in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a GUID was read, which is ASCII")
    }

    /// Tells whether `text` spells this id, in any case.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        self.0.eq_ignore_ascii_case(text.as_bytes())
    }
}

impl fmt::Debug for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TenantId").field(&self.as_str()).finish()
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One tenant as an administrator spells it: its id or one of its domains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantName(Box<str>);

impl TenantName {
    /// Reads a tenant id or a domain name.
    ///
    /// # Errors
    /// [`ConfigError::Tenant`] for anything that is neither, and for `common`, `organizations` and `consumers`, which are
    /// not one tenant.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        match is_guid(text) || is_domain(text) {
            true => Ok(Self(text.to_ascii_lowercase().into())),
            false => Err(ConfigError::Tenant { given: text.to_owned() }),
        }
    }

    /// Returns the name in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the id when the name is one; a domain's id is known only after discovery.
    #[must_use]
    pub fn id(&self) -> Option<TenantId> {
        TenantId::parse(&self.0).ok()
    }
}

pub(crate) fn is_guid(text: &str) -> bool {
    let Ok(text) = <&[u8; GUID]>::try_from(text.as_bytes()) else { return false };
    // Counted to the end, so that many bytes are looked at at once: each new token has two of them.
    let digits = text.iter().map(|byte| u8::from(byte.is_ascii_hexdigit())).sum::<u8>();
    usize::from(digits) == GUID - HYPHENS.len() && HYPHENS.iter().all(|at| text[*at] == b'-')
}

/// A host name with at least one dot: letters, digits and hyphens between dots.
fn is_domain(text: &str) -> bool {
    text.len() <= 253
        && text.contains('.')
        && text.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_a_guid_or_a_domain_and_nothing_else() {
        for good in ["8B0C9B59-0F5C-4F4B-9C1E-1D6F0A1E7B11", "contoso.onmicrosoft.com", "contoso.example"] {
            assert!(TenantName::parse(good).is_ok(), "{good}");
        }
        for bad in
            ["", "common", "organizations", "consumers", "contoso", "a..b", "-a.b", "a.b/", "a b.c", "a.b?x", "ü.de"]
        {
            assert!(TenantName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ids_compare_without_case() {
        let id = TenantId::parse("8B0C9B59-0F5C-4F4B-9C1E-1D6F0A1E7B11").unwrap();
        assert_eq!(id.as_str(), "8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11");
        assert!(id.is("8B0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11"));
        assert!(TenantId::parse("contoso.example").is_err());
        for bad in [
            "8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b1",
            "8b0c9b5900f5c04f4b09c1e01d6f0a1e7b11",
            "8b0c9b5-90f5c-4f4b-9c1e-1d6f0a1e7b11",
            "8b0c9b59-0f5c-4f4b-9c1e1-d6f0a1e7b11",
            "8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b1g",
            "8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e-b11",
            "--------9b59-0f5c-4f4b-9c1e-1d6f0a1e",
        ] {
            assert!(TenantId::parse(bad).is_err(), "{bad}");
        }
    }
}
