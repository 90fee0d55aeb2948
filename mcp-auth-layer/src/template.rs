//! Names and addresses with a place for the tenant in them.

use crate::tenant::TenantId;

/// Entra writes `{tenantid}`, its documentation also `{tenantId}`.
const PLACEHOLDER: &str = "{tenantid}";

/// A text in which one place may stand for a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    text: Box<str>,
    place: Option<usize>,
}

impl Template {
    pub(crate) fn new(text: &str) -> Self {
        Self { place: text.to_ascii_lowercase().find(PLACEHOLDER), text: text.into() }
    }

    /// Puts the placeholder where a path begins with this segment, as in `https://host/organizations/…`.
    ///
    /// None when it begins with another one.
    pub(crate) fn of_segment(url: &str, segment: &str) -> Option<Self> {
        let path = url.find("://")? + 3;
        let begin = path + url[path..].find('/')? + 1;
        let rest = url[begin..].strip_prefix(segment)?;
        rest.starts_with('/').then(|| Self::new(&format!("{}{PLACEHOLDER}{rest}", &url[..begin])))
    }

    /// Returns the text, with the placeholder if it has one.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Tells whether one name is meant, whatever the tenant.
    pub(crate) const fn is_literal(&self) -> bool {
        self.place.is_none()
    }

    /// Writes the text for a tenant.
    pub(crate) fn of(&self, tenant: &TenantId) -> String {
        self.parts().map_or_else(|| self.text.to_string(), |(before, after)| format!("{before}{tenant}{after}"))
    }

    /// Tells whether this text, byte for byte, is the template's for that tenant.
    pub(crate) fn is(&self, tenant: &TenantId, text: &str) -> bool {
        match self.parts() {
            None => *self.text == *text,
            Some((before, after)) => {
                text.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)) == Some(tenant.as_str())
            }
        }
    }

    /// The same whatever the case of its letters.
    pub(crate) fn is_in_any_case(&self, tenant: &TenantId, text: &str) -> bool {
        let Some((before, after)) = self.parts() else { return self.text.eq_ignore_ascii_case(text) };
        let tail = before.len() + tenant.as_str().len();
        text.len() == tail + after.len()
            && text.get(..before.len()).is_some_and(|text| text.eq_ignore_ascii_case(before))
            && text.get(before.len()..tail).is_some_and(|text| tenant.is(text))
            && text.get(tail..).is_some_and(|text| text.eq_ignore_ascii_case(after))
    }

    fn parts(&self) -> Option<(&str, &str)> {
        let place = self.place?;
        Some((&self.text[..place], &self.text[place + PLACEHOLDER.len()..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testtenant::{OTHER_TENANT, TENANT};

    #[test]
    fn a_template_is_one_text_for_each_tenant() {
        let tenant = TenantId::parse(TENANT).unwrap();
        for spelled in ["https://host/{tenantid}/v2.0", "https://host/{tenantId}/v2.0"] {
            let template = Template::new(spelled);
            let own = format!("https://host/{TENANT}/v2.0");
            assert_eq!(template.of(&tenant), own);
            assert!(!template.is_literal());
            for (text, expected) in [
                (own.as_str(), true),
                (&format!("https://host/{OTHER_TENANT}/v2.0"), false),
                (&format!("https://host/{TENANT}/v2.0/"), false),
                (&format!("https://host/{TENANT}x/v2.0"), false),
                (&format!("https://evil/{TENANT}/v2.0"), false),
                (&format!("https://host/{}/v2.0", TENANT.to_ascii_uppercase()), false),
                (spelled, false),
                ("https://host//v2.0", false),
                ("https://host/v2.0", false),
                ("", false),
            ] {
                assert_eq!(template.is(&tenant, text), expected, "{text}");
                let in_any_case = text.eq_ignore_ascii_case(&own);
                assert_eq!(template.is_in_any_case(&tenant, text), in_any_case, "{text}");
            }
        }
    }

    #[test]
    fn a_text_without_a_place_is_itself_for_everybody() {
        let literal = Template::new("https://issuer.example/");
        let tenant = TenantId::parse(TENANT).unwrap();
        assert!(literal.is_literal());
        assert_eq!(literal.of(&tenant), "https://issuer.example/");
        assert!(literal.is(&tenant, "https://issuer.example/"));
        assert!(!literal.is(&tenant, "https://issuer.example"));
        assert!(literal.is_in_any_case(&tenant, "HTTPS://issuer.example/"));
    }

    #[test]
    fn a_segment_becomes_the_place_only_where_the_path_begins() {
        for (url, expected) in [
            ("https://h/organizations/oauth2", Some("https://h/{tenantid}/oauth2")),
            ("https://h/organizations", None),
            ("https://h/organizationsx/y", None),
            ("https://h/x/organizations/y", None),
            ("https://h", None),
            ("organizations/x", None),
        ] {
            let template = Template::of_segment(url, "organizations");
            assert_eq!(template.as_ref().map(Template::as_str), expected, "{url}");
        }
    }
}
