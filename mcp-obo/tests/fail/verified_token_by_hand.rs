use mcp_auth_layer::{TokenDigest, VerifiedToken};

fn of_another_token(digest: TokenDigest, verified: VerifiedToken) -> VerifiedToken {
    VerifiedToken { digest, ..verified }
}

fn main() {}
