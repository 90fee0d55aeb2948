//! Parameters of a request, each at most once.

use std::collections::BTreeMap;

use url::form_urlencoded;

use crate::error::EntraError;

/// The parameters of a query or of a form body.
#[derive(Debug, Default)]
pub(crate) struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads `application/x-www-form-urlencoded`; a repeated parameter is malformed.
    pub(crate) fn read(text: &[u8]) -> Result<Self, EntraError> {
        let mut form = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(text) {
            if form.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(EntraError::new(9_002_313));
            }
        }
        Ok(Self(form))
    }

    /// Returns a parameter; blank is absent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Returns a parameter that must be there.
    pub(crate) fn need(&self, name: &str) -> Result<&str, EntraError> {
        self.get(name).ok_or_else(|| EntraError::new(900_144))
    }
}
