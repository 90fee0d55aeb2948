//! What opens a hatch, as tables.

use std::net::IpAddr;

use super::super::{BypassPolicy, Environment, Exposure, Hatch, OptIn, Unmet};

#[test]
fn only_the_exact_word_is_development() {
    let names: [(&str, Option<&str>, Environment); 17] = [
        ("exact", Some("development"), Environment::Development),
        ("unset", None, Environment::Production),
        ("blank", Some(""), Environment::Production),
        ("space", Some(" "), Environment::Production),
        ("leading space", Some(" development"), Environment::Production),
        ("trailing space", Some("development "), Environment::Production),
        ("trailing newline", Some("development\n"), Environment::Production),
        ("carriage return of a Windows file", Some("development\r"), Environment::Production),
        ("capital", Some("Development"), Environment::Production),
        ("upper case", Some("DEVELOPMENT"), Environment::Production),
        ("short", Some("dev"), Environment::Production),
        ("longer", Some("developmental"), Environment::Production),
        ("quoted", Some("\"development\""), Environment::Production),
        ("typing error", Some("developement"), Environment::Production),
        ("another environment", Some("staging"), Environment::Production),
        ("test", Some("test"), Environment::Production),
        ("production", Some("production"), Environment::Production),
    ];
    for (name, given, expected) in names {
        assert_eq!(Environment::from_name(given), expected, "{name}");
    }
    assert_eq!(Environment::default(), Environment::Production);
}

#[test]
fn two_names_that_differ_are_production() {
    let pairs: [(&str, Option<&str>, Option<&str>, Environment); 12] = [
        ("neither", None, None, Environment::Production),
        ("both blank", Some(""), Some("  "), Environment::Production),
        ("first alone", Some("development"), None, Environment::Development),
        ("second alone", None, Some("development"), Environment::Development),
        ("blank counts as unset", Some(" "), Some("development"), Environment::Development),
        ("blank second counts as unset", Some("development"), Some(""), Environment::Development),
        ("both agree", Some("development"), Some("development"), Environment::Development),
        ("second says production", Some("development"), Some("production"), Environment::Production),
        ("first says production", Some("production"), Some("development"), Environment::Production),
        ("differ by case", Some("development"), Some("Development"), Environment::Production),
        ("differ by a space", Some("development "), Some("development"), Environment::Production),
        ("agree on something else", Some("test"), Some("test"), Environment::Production),
    ];
    for (name, mcp_env, node_env, expected) in pairs {
        assert_eq!(Environment::from_names(mcp_env, node_env), expected, "{name}");
    }
}

#[test]
fn only_one_literal_opts_in_and_anything_unclear_is_an_error() {
    let clear = [
        ("exact", Some("true"), OptIn::Yes),
        ("unset", None, OptIn::No),
        ("blank", Some(""), OptIn::No),
        ("spaces", Some("  \t"), OptIn::No),
        ("exact no", Some("false"), OptIn::No),
    ];
    for (name, given, expected) in clear {
        assert_eq!(OptIn::parse(given), Ok(expected), "{name}");
    }
    let unclear = [
        "True", "TRUE", "True ", " true", "true ", " true ", "true\n", "\"true\"", "'true'", "truetrue", "1", "0",
        "yes", "no", "on", "off", "False", " false", "flase", "enabled", "y", "t",
    ];
    for given in unclear {
        assert!(OptIn::parse(Some(given)).is_err(), "{given:?}");
    }
    assert_eq!(OptIn::default(), OptIn::No);
}

#[test]
fn an_opt_in_error_does_not_repeat_the_value() {
    let error = OptIn::parse(Some("eyJ0eXAi.secret")).unwrap_err();
    assert_eq!(error.to_string(), "the value is neither exactly `true` nor exactly `false`");
    assert!(!format!("{error:?}").contains("secret"));
}

#[test]
fn exposure_is_loopback_only_when_listener_and_public_url_are() {
    let rows = [
        ("IPv4 loopback", "127.0.0.1", None, Exposure::Loopback),
        ("any address of 127/8", "127.8.9.1", None, Exposure::Loopback),
        ("IPv6 loopback", "::1", None, Exposure::Loopback),
        ("all interfaces", "0.0.0.0", None, Exposure::Reachable),
        ("all interfaces over IPv6", "::", None, Exposure::Reachable),
        ("private network", "192.168.1.5", None, Exposure::Reachable),
        ("IPv4 loopback in IPv6 clothes", "::ffff:127.0.0.1", None, Exposure::Reachable),
        ("public URL on localhost", "127.0.0.1", Some("http://localhost:8080"), Exposure::Loopback),
        ("public URL on 127.0.0.1", "127.0.0.1", Some("http://127.0.0.1:8080"), Exposure::Loopback),
        ("public URL on [::1]", "::1", Some("http://[::1]:8080"), Exposure::Loopback),
        ("tunnel", "127.0.0.1", Some("https://abc.devtunnels.ms"), Exposure::Reachable),
        ("look-alike of localhost", "127.0.0.1", Some("http://localhost.evil.example"), Exposure::Reachable),
        ("subdomain of localhost", "127.0.0.1", Some("http://app.localhost"), Exposure::Reachable),
        ("userinfo that looks like loopback", "127.0.0.1", Some("http://127.0.0.1@evil.example"), Exposure::Reachable),
        ("no URL at all", "127.0.0.1", Some("localhost:8080"), Exposure::Reachable),
        ("blank URL", "127.0.0.1", Some(""), Exposure::Reachable),
        ("loopback URL, open listener", "0.0.0.0", Some("http://localhost:8080"), Exposure::Reachable),
    ];
    for (name, listener, url, expected) in rows {
        let listener: IpAddr = listener.parse().unwrap();
        assert_eq!(Exposure::of(listener, url), expected, "{name}");
    }
    assert_eq!(Exposure::default(), Exposure::Reachable);
}

#[test]
fn each_hatch_opens_only_where_it_may() {
    use Environment::{Development, Production};
    use Exposure::{Loopback, Reachable};
    use Unmet::{Development as NeedsDevelopment, DevelopmentAndLoopback as NeedsBoth, Loopback as NeedsLoopback};

    let rows = [
        (Hatch::NoAuthentication, Development, Loopback, None),
        (Hatch::NoAuthentication, Development, Reachable, Some(NeedsLoopback)),
        (Hatch::NoAuthentication, Production, Loopback, Some(NeedsDevelopment)),
        (Hatch::NoAuthentication, Production, Reachable, Some(NeedsBoth)),
        (Hatch::ForeignBearer, Development, Loopback, None),
        (Hatch::ForeignBearer, Development, Reachable, Some(NeedsLoopback)),
        (Hatch::ForeignBearer, Production, Loopback, Some(NeedsDevelopment)),
        (Hatch::ForeignBearer, Production, Reachable, Some(NeedsBoth)),
        (Hatch::StaticToken, Development, Loopback, None),
        (Hatch::StaticToken, Development, Reachable, Some(NeedsLoopback)),
        (Hatch::StaticToken, Production, Loopback, None),
        (Hatch::StaticToken, Production, Reachable, Some(NeedsLoopback)),
        (Hatch::TokenArgument, Development, Loopback, None),
        (Hatch::TokenArgument, Development, Reachable, None),
        (Hatch::TokenArgument, Production, Loopback, None),
        (Hatch::TokenArgument, Production, Reachable, None),
    ];
    for (hatch, environment, exposure, unmet) in rows {
        let policy = BypassPolicy::new(environment, exposure);
        let row = format!("{hatch} in {environment:?}, {exposure:?}");
        assert!(policy.open(hatch, OptIn::No).unwrap().is_none(), "{row}: nobody asked");
        match (policy.open(hatch, OptIn::Yes), unmet) {
            (Ok(Some(permit)), None) => assert_eq!(permit.hatch(), hatch, "{row}"),
            (Err(refused), Some(unmet)) => assert_eq!((refused.hatch(), refused.unmet()), (hatch, unmet), "{row}"),
            (verdict, _) => panic!("{row}: {verdict:?}"),
        }
    }
}

#[test]
fn the_default_policy_is_the_strictest() {
    let policy = BypassPolicy::default();
    for hatch in [Hatch::NoAuthentication, Hatch::StaticToken, Hatch::ForeignBearer] {
        assert!(policy.open(hatch, OptIn::Yes).is_err(), "{hatch}");
    }
}

#[test]
fn a_refusal_names_the_hatch_and_what_to_change() {
    let rows = [
        (Environment::Production, Exposure::Loopback, "the environment must be exactly `development`"),
        (Environment::Development, Exposure::Reachable, "listener and public base URL must be on loopback"),
        (
            Environment::Production,
            Exposure::Reachable,
            "the environment must be exactly `development`, and listener and public base URL on loopback",
        ),
    ];
    for (environment, exposure, cure) in rows {
        let refused = BypassPolicy::new(environment, exposure).open(Hatch::ForeignBearer, OptIn::Yes).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!("the hatch foreign-bearer cannot open here: {cure}, or its opt-in withdrawn"),
        );
    }
}
