//! What names of Azure's resources, and other texts, may look like.
//!
//! Names: Microsoft's *Naming rules and restrictions for Azure resources*. Others: the REST reference of their service.

/// What a text may look like.
pub(crate) trait Grammar {
    /// The argument, in words.
    const WHAT: &'static str;
    /// The fewest and the most characters.
    const LENGTH: (usize, usize);
    /// The rest, in words.
    const RULE: &'static str;
    /// The same as a regular expression of ECMA 262, for schemas.
    const PATTERN: Option<&'static str> = None;

    fn holds(text: &str) -> bool;
}

/// A subscription: its id, or the name that people see.
pub(crate) enum Subscription {}
/// A resource group.
pub(crate) enum ResourceGroup {}
/// A tenant: its id or a domain.
pub(crate) enum Tenant {}
/// A storage account.
pub(crate) enum StorageAccount {}
/// What names of blob containers begin with.
pub(crate) enum ContainerPrefix {}
/// A key vault.
pub(crate) enum Vault {}
/// An App Configuration store.
pub(crate) enum ConfigurationStore {}
/// A filter of keys or labels.
pub(crate) enum Filter {}
/// A Cosmos DB account.
pub(crate) enum CosmosAccount {}
/// A database or container of Cosmos DB.
pub(crate) enum CosmosName {}
/// A query of Cosmos DB.
pub(crate) enum Query {}
/// Where a list goes on, as the service said it.
pub(crate) enum Continuation {}
/// A health model.
pub(crate) enum HealthModel {}
/// An entity of a health model.
pub(crate) enum Entity {}
/// A Communication Services resource, by its endpoint.
pub(crate) enum CommunicationEndpoint {}
/// Who sends an SMS.
pub(crate) enum SmsSender {}
/// Who gets an SMS.
pub(crate) enum Phone {}
/// The text of an SMS.
pub(crate) enum SmsText {}
/// A word that goes with an SMS into its delivery reports.
pub(crate) enum Tag {}
/// An e-mail address.
pub(crate) enum Email {}
/// The subject of an e-mail.
pub(crate) enum Subject {}
/// The text of an e-mail.
pub(crate) enum Body {}
/// A confidential ledger.
pub(crate) enum Ledger {}
/// What is written to a ledger.
pub(crate) enum Contents {}
/// A transaction of a ledger.
pub(crate) enum Transaction {}
/// A collection of a ledger.
pub(crate) enum Collection {}

macro_rules! grammar {
    ($($name:ident, $what:literal, $length:expr, $rule:literal, $pattern:expr, $holds:expr;)*) => {$(
        impl Grammar for $name {
            const WHAT: &'static str = $what;
            const LENGTH: (usize, usize) = $length;
            const RULE: &'static str = $rule;
            const PATTERN: Option<&'static str> = $pattern;

            fn holds(text: &str) -> bool {
                let holds: fn(&str) -> bool = $holds;
                holds(text)
            }
        }
    )*};
}

grammar! {
    Subscription, "subscription", (1, 64), "an id, or a name without control characters and < > ; |", None,
        |text| text.chars().all(|one| !one.is_control() && !"<>;|".contains(one));
    ResourceGroup, "resource-group", (1, 90), "ASCII letters, digits and _ - . ( ), without a dot at the end",
        Some("^[-\\w.()]*[-\\w()]$"), |text| of(text, b"_-.()") && !text.ends_with('.') && !text.starts_with('.');
    Tenant, "tenant", (1, 253), "an id or a domain", Some("^[A-Za-z0-9.-]+$"), |text| of(text, b".-");
    StorageAccount, "account", (3, 24), "lower-case letters and digits", Some("^[a-z0-9]+$"),
        |text| text.bytes().all(lower);
    ContainerPrefix, "prefix", (1, 63), "lower-case letters, digits, hyphens, and $ at the beginning",
        Some("^\\$?[a-z0-9-]*$"), |text| text.strip_prefix('$').unwrap_or(text).bytes().all(|one| lower(one) || one == b'-');
    Vault, "vault", (3, 24), "letters, digits and single hyphens, beginning with a letter", Some("^[A-Za-z](-?[A-Za-z0-9])*$"),
        |text| label(text) && text.starts_with(|one: char| one.is_ascii_alphabetic()) && !text.contains("--");
    ConfigurationStore, "account", (5, 50), "letters, digits and hyphens", Some("^[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9]$"), label;
    Filter, "filter", (1, 1024), "no control characters", None, no_control;
    CosmosAccount, "account", (3, 44), "lower-case letters, digits and hyphens", Some("^[a-z0-9][a-z0-9-]*[a-z0-9]$"),
        |text| label(text) && text.bytes().all(|one| lower(one) || one == b'-');
    CosmosName, "database or container", (1, 255), "no control characters and no / \\ # ?", Some("^[^/\\\\#?]+$"),
        |text| no_control(text) && !text.contains(['/', '\\', '#', '?']) && text != "." && text != ".." && text.trim() == text;
    Query, "query", (1, 16_384), "a query in Cosmos DB's SQL", None, |text| !text.trim().is_empty();
    Continuation, "continuation", (1, 8_192), "as the answer before had it", None,
        |text| text.bytes().all(|one| matches!(one, b' '..=b'~'));
    HealthModel, "model-name", (1, 64), "letters, digits and . _ -", Some("^[A-Za-z0-9][A-Za-z0-9._-]*$"), name;
    Entity, "entity", (1, 128), "letters, digits and . _ -", Some("^[A-Za-z0-9][A-Za-z0-9._-]*$"), name;
    CommunicationEndpoint, "endpoint", (1, 253), "https:// and the resource's host, or the host, or the resource's name",
        Some("^(https://)?[A-Za-z0-9.-]+/?$"), |text| of(text.strip_prefix("https://").unwrap_or(text).trim_end_matches('/'), b".-");
    SmsSender, "from", (3, 20), "a number in E.164 form, a short code, or letters and digits", Some("^(\\+?[0-9]+|[A-Za-z0-9 ]+)$"),
        |text| phone(text) || text.bytes().all(|one| one.is_ascii_alphanumeric() || one == b' ');
    Phone, "to", (8, 16), "a number in E.164 form, such as +14255550123", Some("^\\+[1-9][0-9]+$"), phone;
    SmsText, "message", (1, 2_048), "any text", None, |text| !text.trim().is_empty();
    Tag, "tag", (1, 64), "letters, digits and . _ -", Some("^[A-Za-z0-9][A-Za-z0-9._-]*$"), name;
    Email, "e-mail address", (3, 254), "name@domain", Some("^[^\\s@<>,;\"]+@[A-Za-z0-9.-]+$"), email;
    Subject, "subject", (1, 255), "one line", None, no_control;
    Body, "message", (1, 262_144), "any text", None, |text| !text.trim().is_empty();
    Ledger, "ledger", (3, 32), "letters, digits and hyphens, beginning with a letter", Some("^[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]$"),
        |text| label(text) && text.starts_with(|one: char| one.is_ascii_alphabetic());
    Contents, "content", (1, 262_144), "any text", None, |_| true;
    Transaction, "transaction-id", (3, 40), "two numbers with a dot between them", Some("^[0-9]+\\.[0-9]+$"),
        |text| text.split_once('.').is_some_and(|(view, number)| digits(view) && digits(number));
    Collection, "collection-id", (1, 64), "letters, digits and . _ : -", Some("^[A-Za-z0-9][A-Za-z0-9._:-]*$"),
        |text| of(text, b"._:-") && text.starts_with(|one: char| one.is_ascii_alphanumeric());
}

fn lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn of(text: &str, more: &[u8]) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether it can be a label of a host name (RFC 1123 section 2.1).
fn label(text: &str) -> bool {
    of(text, b"-") && !text.starts_with('-') && !text.ends_with('-')
}

fn name(text: &str) -> bool {
    of(text, b"._-") && text.starts_with(|one: char| one.is_ascii_alphanumeric())
}

fn no_control(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

/// ITU-T E.164: a plus sign and at most 15 digits, the first of which is not 0.
fn phone(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|number| digits(number) && !number.starts_with('0') && number.len() <= 15)
}

/// Less than RFC 5322 has: neither quotes nor comments, which nothing here needs.
fn email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && local.bytes().all(|one| one.is_ascii_graphic() && !b"@<>,;:\"\\()[]".contains(&one))
            && domain.contains('.')
            && domain.split('.').all(label)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::arguments::Text;

    fn takes<G: Grammar>(text: &str) -> bool {
        Text::<G>::try_from(text.to_owned()).is_ok()
    }

    #[test]
    fn a_name_is_what_azure_lets_it_be() {
        for (name, taken, expected) in [
            ("group", takes::<ResourceGroup>("rg-1_(a).b"), true),
            ("group, dot at the end", takes::<ResourceGroup>("rg."), false),
            ("group, climbing", takes::<ResourceGroup>("../x"), false),
            ("group, too long", takes::<ResourceGroup>(&"a".repeat(91)), false),
            ("group, a dot first", takes::<ResourceGroup>("..a"), false),
            ("tenant, query", takes::<Tenant>("a?b"), false),
            ("filter, line break", takes::<Filter>("a\nb"), false),
            ("container, line break", takes::<CosmosName>("a\nb"), false),
            ("container, here", takes::<CosmosName>("."), false),
            ("continuation, header", takes::<Continuation>("a\r\nb"), false),
            ("model, climbing", takes::<HealthModel>("../x"), false),
            ("entity, path", takes::<Entity>("a/b"), false),
            ("phone, zero", takes::<Phone>("+04255550123"), false),
            ("phone, long", takes::<Phone>("+1425555012345678"), false),
            ("sender, line break", takes::<SmsSender>("a\r\nb"), false),
            ("email, no dot", takes::<Email>("a@localhost"), false),
            ("transaction, no view", takes::<Transaction>(".15"), false),
            ("ledger, host", takes::<Ledger>("a.evil"), false),
            ("ledger, digit first", takes::<Ledger>("1ledger"), false),
            ("store, host", takes::<ConfigurationStore>("a.evil.example"), false),
            ("vault, two hyphens", takes::<Vault>("my--vault"), false),
            ("account", takes::<StorageAccount>("abc123"), true),
            ("account, short", takes::<StorageAccount>("ab"), false),
            ("account, hyphen", takes::<StorageAccount>("a-b-c"), false),
            ("account, letters of others", takes::<StorageAccount>("\u{430}bc"), false),
            ("prefix", takes::<ContainerPrefix>("$root"), true),
            ("prefix, another dollar", takes::<ContainerPrefix>("a$b"), false),
            ("vault", takes::<Vault>("My-vault1"), true),
            ("vault, digit first", takes::<Vault>("1vault"), false),
            ("vault, hyphen last", takes::<Vault>("vault-"), false),
            ("store", takes::<ConfigurationStore>("a-b-c"), true),
            ("cosmos", takes::<CosmosAccount>("a-b-c"), true),
            ("cosmos, capital", takes::<CosmosAccount>("Abc"), false),
            ("container", takes::<CosmosName>("my items (2)"), true),
            ("container, climbing", takes::<CosmosName>(".."), false),
            ("container, question", takes::<CosmosName>("a?b"), false),
            ("subscription", takes::<Subscription>("Contoso & Co"), true),
            ("subscription, line break", takes::<Subscription>("a\nb"), false),
            ("endpoint", takes::<CommunicationEndpoint>("https://a.communication.azure.com/"), true),
            ("endpoint, port", takes::<CommunicationEndpoint>("https://a.communication.azure.com:8443"), false),
            ("endpoint, plain", takes::<CommunicationEndpoint>("http://a"), false),
            ("phone", takes::<Phone>("+14255550123"), true),
            ("phone, no plus", takes::<Phone>("14255550123"), false),
            ("phone, words", takes::<Phone>("+1425CALLME"), false),
            ("email", takes::<Email>("a.b+c@d.example"), true),
            ("email, name", takes::<Email>("A <a@b.example>"), false),
            ("email, two", takes::<Email>("a@b.example,c@d.example"), false),
            ("email, header", takes::<Email>("a@b.example\r\nBcc: x"), false),
            ("subject, header", takes::<Subject>("a\r\nBcc: x"), false),
            ("transaction", takes::<Transaction>("2.15"), true),
            ("transaction, three parts", takes::<Transaction>("2.15.1"), false),
            ("collection", takes::<Collection>("subledger:0"), true),
            ("collection, query", takes::<Collection>("a&b=c"), false),
        ] {
            assert_eq!(taken, expected, "{name}");
        }
    }
}
