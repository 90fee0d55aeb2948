use mcp_auth_layer::{principal::UserId, clock::UnixTime, token::BearerToken};
use mcp_obo::{Target, TokenRequest};

fn forged(user: UserId) -> TokenRequest {
    TokenRequest {
        user,
        issuer: "https://issuer.example".into(),
        assertion: BearerToken::new("header.payload.signature"),
        expires_at: UnixTime::from_secs(u64::MAX),
        target: Target::graph(),
        claims: None,
    }
}

fn main() {
    let _ = forged;
}
