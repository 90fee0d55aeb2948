//! The one way: what a verifier found good, and a target.

use mcp_auth_layer::{VerifiedToken, token::BearerToken, verify::Verifier};
use mcp_obo::{Target, TokenRequest, grant::NotAUser};

async fn the_way(verifier: &Verifier, text: &str) -> Option<Result<TokenRequest, NotAUser>> {
    let token: VerifiedToken = verifier.verify(BearerToken::new(text)).await.ok()?;
    Some(TokenRequest::on_behalf_of(&token, &Target::graph()))
}

fn main() {
    let _ = the_way;
}
