use entra_emulator::{
    API_CLIENT_ID, API_CLIENT_SECRET, AZURE_CLI_ID, Config, TENANT_ID, TokenSpec, USER_ASSIGNED_CLIENT_ID,
};
use serde_json::json;

use super::network::Network;
use crate::tenant::part;

const WITH_SCOPES: [(&str, &str, &str); 4] = [
    ("https://management.azure.com", "user_impersonation", "user_impersonation"),
    ("https://storage.azure.com", "user_impersonation", "user_impersonation"),
    ("https://vault.azure.net", "user_impersonation", "user_impersonation"),
    ("https://azconfig.io", "KeyValue.Read", "KeyValue.Read Snapshot.Read"),
];
const WITHOUT_SCOPES: [&str; 4] = [
    "https://cosmos.azure.com",
    "https://data.healthmodels.azure.com",
    "https://communication.azure.com",
    "https://confidential-ledger.azure.com",
];

#[tokio::test]
async fn services_with_delegated_scopes_give_a_user_s_v1_token_for_the_spelling_that_was_asked_for() {
    let network = Network::start().await;
    for (resource, scope, granted) in WITH_SCOPES {
        for (spelling, name) in
            [(resource.to_owned(), ".default"), (format!("{resource}/"), ".default"), (resource.to_owned(), scope)]
        {
            let answer = network.exchange("alice", &format!("{spelling}/{name}")).await;
            let claims = part(&answer.access_token(), 1);
            assert_eq!((&claims["aud"], &claims["ver"]), (&json!(spelling), &json!("1.0")), "{spelling} {name}");
            assert_eq!((&claims["scp"], &claims["appid"]), (&json!(granted), &json!(API_CLIENT_ID)), "{spelling}");
            assert_eq!(claims["iss"], format!("https://sts.windows.net/{TENANT_ID}/"), "{spelling}");
            assert_eq!(claims["upn"], "alice@contoso.onmicrosoft.com", "{spelling}");
            let first = answer.member("scope").split(' ').next().unwrap().to_owned();
            assert_eq!(first, format!("{spelling}/{scope}"));
        }
    }
}

#[tokio::test]
async fn what_cannot_be_had_for_a_user_is_refused_in_entra_s_order() {
    let network = Network::start().await;
    for resource in WITHOUT_SCOPES {
        let verdict = network.exchange("alice", &format!("{resource}/.default")).await.verdict();
        assert_eq!(verdict, (400, 65001, "invalid_grant".to_owned()), "{resource}");
        let verdict = network.exchange("alice", &format!("{resource}/user_impersonation")).await.verdict();
        assert_eq!(verdict.1, 650_053, "{resource}");
    }
    let unlisted = Network::with(Config::default().without_permission("https://storage.azure.com")).await;
    let withdrawn = Network::with(Config::default().without_consent("https://storage.azure.com/")).await;
    for (name, network, user, scope, code) in [
        ("an unknown resource", &network, "alice", "https://nobody.example/.default", 500_011),
        ("a vault's own host", &network, "alice", "https://contoso-vault.vault.azure.net/.default", 500_011),
        ("a scope that is not there", &network, "alice", "https://azconfig.io/Nothing.Read", 650_053),
        ("a scope without consent", &network, "alice", "https://azconfig.io/KeyValue.Write", 65001),
        ("not in the registration", &unlisted, "alice", "https://storage.azure.com/.default", 650_057),
        ("consent withdrawn", &withdrawn, "alice", "https://storage.azure.com/.default", 65001),
        ("a user without consent", &network, "noconsent", "https://management.azure.com/.default", 65001),
        ("a user to whom MFA applies", &network, "mfa", "https://management.azure.com/.default", 50076),
        (
            "two services",
            &network,
            "alice",
            "https://management.azure.com/.default https://azconfig.io/.default",
            700_022,
        ),
    ] {
        assert_eq!(network.exchange(user, scope).await.verdict().1, code, "{name}");
    }
    assert_eq!(withdrawn.exchange("alice", "https://management.azure.com/.default").await.status, 200);
}

#[tokio::test]
async fn every_service_gives_an_app_its_own_token() {
    let network = Network::start().await;
    let all = WITH_SCOPES.iter().map(|(resource, ..)| *resource).chain(WITHOUT_SCOPES);
    for resource in all {
        let scope = format!("{resource}/.default");
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", API_CLIENT_ID),
            ("client_secret", API_CLIENT_SECRET),
            ("scope", scope.as_str()),
        ];
        let claims = part(&network.token(&form).await.access_token(), 1);
        assert_eq!((&claims["aud"], &claims["idtyp"]), (&json!(resource), &json!("app")), "{resource}");
        assert!(claims.get("scp").is_none(), "{resource}");
        let claims = part(&network.identity_token(USER_ASSIGNED_CLIENT_ID, resource).await, 1);
        assert_eq!((&claims["aud"], &claims["appid"]), (&json!(resource), &json!(USER_ASSIGNED_CLIENT_ID)));
    }
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", API_CLIENT_ID),
        ("client_secret", API_CLIENT_SECRET),
        ("scope", "https://nobody.example/.default"),
    ];
    assert_eq!(network.token(&form).await.verdict().1, 500_011);
}

#[tokio::test]
async fn the_api_exposes_the_tools_scope_and_role_beside_its_first_scope() {
    let network = Network::start().await;
    let plain = part(&network.emulator.mint(TokenSpec::user("alice")), 1);
    assert_eq!(plain["scp"], "access_as_user");
    let tools = TokenSpec::user("alice").scopes("Mcp.Tools.ReadWrite");
    assert_eq!(part(&network.emulator.mint(tools), 1)["scp"], "Mcp.Tools.ReadWrite");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", entra_emulator::WEB_CLIENT_ID),
        ("client_secret", entra_emulator::WEB_CLIENT_SECRET),
        ("scope", &format!("api://{API_CLIENT_ID}/.default")),
    ];
    assert!(part(&network.token(&form).await.access_token(), 1).get("roles").is_none(), "nobody assigned it");
    let config = Config::default().with_app_role(entra_emulator::WEB_CLIENT_ID, "Mcp.Tools.ReadWrite.All");
    let claims = part(&Network::with(config).await.token(&form).await.access_token(), 1);
    assert_eq!(claims["roles"], json!(["Mcp.Tools.ReadWrite.All"]));
}

#[tokio::test]
async fn microsoft_s_own_client_signs_users_in_for_any_service() {
    let network = Network::start().await;
    for resource in ["https://management.azure.com", "https://cosmos.azure.com"] {
        let url = url::Url::parse_with_params(
            &format!("https://login.microsoftonline.com/{TENANT_ID}/oauth2/v2.0/authorize"),
            [
                ("client_id", AZURE_CLI_ID),
                ("redirect_uri", "http://localhost:8400"),
                ("response_type", "code"),
                ("scope", &format!("{resource}/.default offline_access")),
                ("code_challenge", &crate::tenant::challenge()),
                ("code_challenge_method", "S256"),
                ("prompt", "select_account"),
                ("login_hint", "bob"),
            ],
        );
        let code = network.get(url.unwrap().as_str()).await.redirected()["code"].as_str().unwrap().to_owned();
        let answer = network
            .token(&[
                ("grant_type", "authorization_code"),
                ("client_id", AZURE_CLI_ID),
                ("redirect_uri", "http://localhost:8400"),
                ("code", &code),
                ("code_verifier", crate::tenant::VERIFIER),
                ("scope", &format!("{resource}/.default offline_access")),
            ])
            .await;
        let claims = part(&answer.access_token(), 1);
        assert_eq!((&claims["aud"], &claims["scp"]), (&json!(resource), &json!("user_impersonation")), "{resource}");
        assert_eq!(claims["upn"], "bob@contoso.onmicrosoft.com");
        let again = [
            ("grant_type", "refresh_token"),
            ("client_id", AZURE_CLI_ID),
            ("refresh_token", &answer.member("refresh_token")),
            ("scope", "https://vault.azure.net/.default"),
        ];
        assert_eq!(part(&network.token(&again).await.access_token(), 1)["aud"], "https://vault.azure.net");
    }
}

#[tokio::test]
async fn a_user_s_token_without_the_scope_is_not_let_in() {
    let network = Network::start().await;
    for (name, resource, url, scopes, status) in [
        (
            "management",
            "https://management.azure.com",
            "https://management.azure.com/subscriptions?api-version=2022-12-01",
            "other",
            403,
        ),
        (
            "configuration",
            "https://azconfig.io",
            "https://contoso-settings.azconfig.io/kv?api-version=1.0",
            "Snapshot.Read",
            403,
        ),
        (
            "configuration",
            "https://azconfig.io",
            "https://contoso-settings.azconfig.io/kv?api-version=1.0",
            "KeyValue.Read",
            200,
        ),
    ] {
        let token = TokenSpec::user("alice").resource(resource).scopes(scopes);
        let answer = network.get_with(&network.emulator.mint_as_entra(token), url).await;
        assert_eq!(answer.status.as_u16(), status, "{name} {scopes}");
    }
    let nobody = TokenSpec::user("alice").resource("https://management.azure.com").claim("oid", "x");
    let url = "https://management.azure.com/subscriptions?api-version=2022-12-01";
    assert_eq!(network.get_with(&network.emulator.mint_as_entra(nobody), url).await.status, 401);
}
