//! Who passes which policy.

use serde_json::{Value, json};

use super::*;
use crate::{
    scope::ScopeHierarchy,
    testtenant::{NOW, changed},
};

const READ: &str = "Posts.Read";

fn judged(policy: &AccessPolicy, changes: &[(&str, Value)]) -> String {
    let claims = Claims::parse(changed(changes).to_string().as_bytes()).unwrap();
    let who = Principal::of_entra(&claims, &ScopeHierarchy::default()).unwrap();
    match policy.judge(&claims, &who, UnixTime::from_secs(NOW)) {
        Ok(()) => "passes".to_owned(),
        Err(Rejection::StepUp { claims }) => claims,
        Err(why) => why.reason().to_owned(),
    }
}

/// Makes an application of the user.
fn app(roles: &[&str]) -> Vec<(&'static str, Value)> {
    vec![("scp", Value::Null), ("idtyp", json!("app")), ("roles", json!(roles))]
}

#[test]
fn without_a_rule_users_pass_and_applications_do_not() {
    let policy = AccessPolicy::default();
    assert_eq!(judged(&policy, &[]), "passes");
    assert_eq!(judged(&policy, &app(&["Job.All"])), "app_only");
}

#[test]
fn a_list_of_roles_alone_lets_no_application_in() {
    let policy = AccessPolicy::default().require_any_role(["Job.All"]).unwrap();
    assert_eq!(judged(&policy, &app(&["Job.All"])), "app_only");
    assert_eq!(judged(&policy, &[("roles", json!(["Job.All"]))]), "passes");
}

#[test]
fn clients_are_told_apart_by_azp_and_appid() {
    const ONE: &str = "AAAAAAAA-0f5c-4f4b-9c1e-1d6f0a1e7b11";
    let policy = AccessPolicy::default().allow_clients([ONE]).unwrap();
    let lower = ONE.to_ascii_lowercase();
    for (name, changes, expected) in [
        ("v2", vec![("azp", json!(ONE))], "passes"),
        ("v2, in lower case", vec![("azp", json!(lower))], "passes"),
        ("v1", vec![("azp", Value::Null), ("appid", json!(ONE))], "passes"),
        ("another", vec![("azp", json!("bbbbbbbb-0f5c-4f4b-9c1e-1d6f0a1e7b11"))], "client"),
        ("another, with ours in the other claim", vec![("azp", json!("b")), ("appid", json!(ONE))], "client"),
        ("a longer one", vec![("azp", json!(format!("{ONE}1")))], "client"),
        ("none", vec![("azp", Value::Null)], "client"),
    ] {
        assert_eq!(judged(&policy, &changes), expected, "{name}");
    }
}

#[test]
fn one_role_and_one_group_of_the_list_are_enough() {
    let roles = AccessPolicy::default().require_any_role(["Reader", "Writer"]).unwrap();
    let groups = AccessPolicy::default().require_any_group(["g1", "g2"]).unwrap();
    let overage = json!({"groups": "src1"});
    for (name, policy, changes, expected) in [
        ("a role", &roles, vec![("roles", json!(["x", "Writer"]))], "passes"),
        ("a role in another case", &roles, vec![("roles", json!(["writer"]))], "role"),
        ("no role", &roles, vec![], "role"),
        ("a group", &groups, vec![("groups", json!(["x", "g2"]))], "passes"),
        ("a group in another case", &groups, vec![("groups", json!(["G2"]))], "passes"),
        ("another group", &groups, vec![("groups", json!(["g3"]))], "group"),
        ("no groups claim", &groups, vec![], "group"),
        ("too many groups", &groups, vec![("_claim_names", overage.clone())], "groups_left_out"),
        ("too many groups, implicit flow", &groups, vec![("hasgroups", json!(true))], "groups_left_out"),
        ("groups listed, and elsewhere", &groups, vec![("_claim_names", overage), ("groups", json!([]))], "group"),
        ("something else elsewhere", &groups, vec![("_claim_names", json!({"x": "src1"}))], "group"),
    ] {
        assert_eq!(judged(policy, &changes), expected, "{name}");
    }
}

#[test]
fn what_can_be_cured_by_asking_comes_before_what_needs_an_administrator_and_a_sign_in_comes_last() {
    let policy = AccessPolicy::new(ScopePolicy::all([READ]).unwrap().or_app_role("Job.All").unwrap())
        .allow_clients(["client"])
        .and_then(|policy| policy.require_any_role(["Reader", "Job.All"]))
        .and_then(|policy| policy.require_authentication_context("c1"))
        .unwrap();
    let mut changes = vec![("azp", json!("stranger"))];
    assert_eq!(judged(&policy, &changes), "client");
    changes[0].1 = json!("client");
    assert_eq!(judged(&policy, &changes), "scope");
    changes.push(("scp", json!(READ)));
    assert_eq!(judged(&policy, &changes), "role");
    changes.push(("roles", json!(["Reader"])));
    assert_eq!(judged(&policy, &changes), r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#);
    changes.push(("acrs", json!(["c1"])));
    assert_eq!(judged(&policy, &changes), "passes");
    let mut job = app(&["Job.All"]);
    assert_eq!(judged(&policy, &job), r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#);
    job.push(("acrs", json!("c1")));
    assert_eq!(judged(&policy, &job), "passes");
}

#[test]
fn scopes_that_are_added_bind_users_and_leave_applications_to_their_roles() {
    let more = ScopeSet::required(["base"]).unwrap();
    let policy = AccessPolicy::new(ScopePolicy::all([READ]).unwrap().or_app_role("Job.All").unwrap()).and_scopes(&more);
    assert_eq!(judged(&policy, &[("scp", json!(READ))]), "scope");
    assert_eq!(judged(&policy, &[("scp", json!("base Posts.Read"))]), "passes");
    assert_eq!(judged(&policy, &app(&["Job.All"])), "passes");
    let alone = AccessPolicy::default().and_scopes(&more);
    assert_eq!(judged(&alone, &[]), "scope");
    assert_eq!(judged(&alone, &app(&["Job.All"])), "app_only");
    assert_eq!(AccessPolicy::default().and_scopes(&ScopeSet::default()), AccessPolicy::default());
}

#[test]
fn a_recent_sign_in_is_asked_for_besides_everything_else() {
    let policy = AccessPolicy::default().allow_clients(["client"]).unwrap();
    let policy = policy.require_sign_in_within(Duration::from_secs(300));
    assert_eq!(judged(&policy, &[("auth_time", json!(NOW))]), "passes");
    assert_eq!(judged(&policy, &[("auth_time", json!(NOW - 301))]), "authentication");
    assert_eq!(judged(&policy, &[("auth_time", json!(NOW)), ("azp", json!("stranger"))]), "client");
}

#[test]
fn lists_are_never_empty_or_blank() {
    let policy = AccessPolicy::default;
    for blank in [&[][..], &[""], &["a", " "]] {
        assert!(policy().allow_clients(blank.iter().copied()).is_err(), "{blank:?}");
        assert!(policy().require_any_role(blank.iter().copied()).is_err(), "{blank:?}");
        assert!(policy().require_any_group(blank.iter().copied()).is_err(), "{blank:?}");
    }
    assert!(policy().require_any_acr([]).is_err());
}
