use std::sync::Arc;

use mcp_auth_layer::VerifiedToken;

fn main() {
    let _ = VerifiedToken(Arc::new(()));
    let _ = VerifiedToken::default();
}
