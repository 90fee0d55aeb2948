use mcp_auth_layer::token::BearerToken;
use mcp_obo::{AccessToken, Target, TokenRequest};

fn main() {
    let _ = TokenRequest::on_behalf_of("header.payload.signature", &Target::graph());
    let _ = TokenRequest::on_behalf_of(&BearerToken::new("header.payload.signature"), &Target::graph());
    let _ = |token: &AccessToken| TokenRequest::on_behalf_of(token, &Target::graph());
}
