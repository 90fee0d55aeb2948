use mcp_obo::{Target, TokenRequest};

#[allow(unreachable_code)]
fn forged() -> TokenRequest {
    TokenRequest { grant: unimplemented!(), target: Target::graph(), claims: None }
}

fn turned_to_another_api(honest: TokenRequest) -> TokenRequest {
    TokenRequest { target: Target::graph(), ..honest }
}

fn main() {
    let _ = (forged, turned_to_another_api);
}
