//! The parameters of a request: each once, and of a bounded length.

use std::collections::BTreeMap;

use url::form_urlencoded;

/// A query or a form (RFC 6749 appendix B).
#[derive(Clone, Default)]
pub(crate) struct Parameters(BTreeMap<String, String>);

/// A parameter comes twice, so that two readers could take different values (RFC 6749 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a parameter comes twice")]
pub(crate) struct Repeated;

impl Parameters {
    pub(crate) fn read(text: &[u8]) -> Result<Self, Repeated> {
        let mut found = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(text) {
            if found.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(Repeated);
            }
        }
        Ok(Self(found))
    }

    /// Returns a value; one without content counts as not sent (RFC 6749 section 3.1).
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// Names alone: values may be codes, tokens and secrets.
impl std::fmt::Debug for Parameters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_comes_once_or_the_request_is_none() {
        let parameters = Parameters::read(b"code=a%20b&state=&x=1").unwrap();
        assert_eq!((parameters.get("code"), parameters.get("state"), parameters.get("y")), (Some("a b"), None, None));
        for twice in ["code=a&code=a", "code=a&c%6fde=b", "x=&x="] {
            assert_eq!(Parameters::read(twice.as_bytes()).err(), Some(Repeated), "{twice}");
        }
        assert_eq!(format!("{:?}", Parameters::read(b"code=secret").unwrap()), r#"["code"]"#);
    }
}
