use mcp_auth_layer::tenant::TenantId;
use mcp_obo::{Target, TokenRequest};

fn of_the_service_itself(tenant: TenantId) -> TokenRequest {
    TokenRequest::client_credentials(tenant, Target::graph())
}

fn main() {
    let _ = of_the_service_itself;
}
