use mcp_obo::TokenRequest;

fn main() {
    let _ = TokenRequest::default();
}
