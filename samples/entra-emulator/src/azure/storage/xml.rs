//! The XML of the list of containers, as `List Containers` describes it.

use std::fmt::Write as _;

use crate::azure::Page;

pub(super) fn containers(
    endpoint: &str,
    prefix: &str,
    marker: Option<&str>,
    size: Option<usize>,
    page: &Page<'_, &str>,
) -> String {
    let mut text = format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ServiceEndpoint=\"{}/\">",
        escape(endpoint)
    );
    let mut element = |name: &str, value: &str| {
        let _ = write!(text, "<{name}>{}</{name}>", escape(value));
    };
    if !prefix.is_empty() {
        element("Prefix", prefix);
    }
    if let Some(marker) = marker {
        element("Marker", marker);
    }
    if let Some(size) = size {
        element("MaxResults", &size.to_string());
    }
    text.push_str("<Containers>");
    for (index, name) in page.items.iter().enumerate() {
        let _ = write!(
            text,
            "<Container><Name>{}</Name><Properties><Last-Modified>Tue, 11 Mar 2025 08:1{index}:30 GMT</Last-Modified>\
             <Etag>\"0x8DD60781D4E2A1{index}\"</Etag><LeaseStatus>unlocked</LeaseStatus>\
             <LeaseState>available</LeaseState><DefaultEncryptionScope>$account-encryption-key</DefaultEncryptionScope>\
             <DenyEncryptionScopeOverride>false</DenyEncryptionScopeOverride>\
             <HasImmutabilityPolicy>false</HasImmutabilityPolicy><HasLegalHold>false</HasLegalHold>\
             <ImmutableStorageWithVersioningEnabled>false</ImmutableStorageWithVersioningEnabled>\
             </Properties></Container>",
            escape(name)
        );
    }
    let next = page.next.as_deref().unwrap_or_default();
    let _ = write!(text, "</Containers><NextMarker>{}</NextMarker></EnumerationResults>", escape(next));
    text
}

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
