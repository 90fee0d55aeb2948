use mcp_auth_layer::VerifiedToken;

fn main() {
    let _ = VerifiedToken::default();
}
