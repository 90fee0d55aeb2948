use mcp_obo::AccessToken;

fn main() {
    let _ = |token: &AccessToken| format!("{token}");
}
