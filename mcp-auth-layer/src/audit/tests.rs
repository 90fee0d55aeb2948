//! Every outcome's event, and that schema and events know the same fields.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::*;
use crate::{
    claims::Claims,
    scope::{ScopeHierarchy, ScopeSet},
    testlog::{Recorded, Recorder},
    testtenant::{TENANT, changed, claims},
    token::Facts,
};

fn schema() -> Value {
    serde_json::from_str(include_str!("../../audit.schema.json")).unwrap()
}

/// The outcomes, one line of JSON each.
const GOLDEN: &str = include_str!("golden.jsonl");

fn facts(claims: &Value, plain: bool) -> Facts {
    let text = claims.to_string();
    let claims = Claims::parse(text.as_bytes()).unwrap();
    let classify = if plain { Principal::of_plain } else { Principal::of_entra };
    let principal = classify(&claims, &ScopeHierarchy::default()).unwrap();
    Facts { claims, principal }
}

fn plain_claims() -> Value {
    json!({"iss": "https://issuer.example", "aud": "a", "exp": 1, "sub": "u1", "client_id": "c1", "scope": "read",
        "tid": TENANT, "oid": "chosen by another issuer"})
}

fn as_json(event: &Recorded) -> Value {
    let fields = event.fields.iter().map(|(name, value)| {
        let value = if matches!(name.as_str(), "status" | "uses") {
            json!(value.parse::<u64>().unwrap())
        } else {
            json!(value)
        };
        (name.clone(), value)
    });
    fields.collect::<Map<_, _>>().into()
}

fn outcomes() -> Vec<Recorded> {
    let (recorder, _guard) = Recorder::start();
    let user = facts(&claims(), false);
    let app = facts(&changed(&[("scp", Value::Null), ("idtyp", json!("app")), ("roles", json!(["Job.All"]))]), false);
    admitted(&user);
    admitted(&app);
    admitted(&facts(&plain_claims(), true));
    refused(&Rejection::NoCredentials, None, None);
    let required = ScopeSet::required(["Posts.ReadWrite"]).unwrap();
    refused(&Rejection::Scope { required }, Some(&user), Some("tools/call writePost"));
    refused_for("redirect_userinfo", &"the redirect URI is not allowed", 400);
    bypassed("no-authentication", 3);
    opened("static-token");
    recorder.events()
}

#[test]
fn every_outcome_has_the_event_that_is_promised() {
    let events: Vec<_> = outcomes().iter().map(|event| as_json(event).to_string()).collect();
    assert_eq!(events, GOLDEN.lines().collect::<Vec<_>>(), "\n{}", events.join("\n"));
}

#[test]
fn admissions_are_information_and_the_rest_warnings_all_under_one_target() {
    for event in outcomes() {
        let expected = if event.fields["decision"] == "admitted" { tracing::Level::INFO } else { tracing::Level::WARN };
        assert_eq!((event.level, event.target.as_str()), (expected, TARGET), "{event:?}");
    }
}

/// What the schema says, checked by the little of JSON Schema that it uses.
#[test]
fn golden_events_follow_the_schema_and_use_every_field_of_it() {
    let schema = schema();
    let properties = schema["properties"].as_object().unwrap();
    let mut used = BTreeSet::new();
    for line in GOLDEN.lines() {
        let event: Map<String, Value> = serde_json::from_str(line).unwrap();
        for (name, value) in &event {
            let property = &properties[name];
            if let Some(allowed) = property["enum"].as_array() {
                assert!(allowed.contains(value), "{name}: {value}");
            }
            if property["type"] == "integer" {
                let number = value.as_u64().unwrap();
                assert!(number >= property["minimum"].as_u64().unwrap(), "{name}: {value}");
                assert!(property["maximum"].as_u64().is_none_or(|most| number <= most), "{name}: {value}");
            }
            used.insert(name.clone());
        }
        assert!(event.contains_key("decision"), "{line}");
    }
    assert_eq!(used, properties.keys().cloned().collect());
    assert_eq!(schema["additionalProperties"], false);
}

#[test]
fn hatches_and_decisions_are_those_of_the_schema() {
    use crate::bypass::Hatch;
    let hatches: Vec<_> = Hatch::ALL.into_iter().map(Hatch::name).collect();
    assert_eq!(schema()["properties"]["hatch"]["enum"], json!(hatches));
    let decisions = [Decision::Admitted, Decision::Refused, Decision::Bypassed, Decision::Opened];
    assert_eq!(schema()["properties"]["decision"]["enum"], json!(decisions.map(Decision::as_str)));
}
