use mcp_auth_layer::bypass::{Hatch, OptIn, Permit};
use mcp_obo::{AccessToken, downstream::LentToken};
use secrecy::SecretString;

fn without_a_permit() -> LentToken {
    LentToken::new(SecretString::from("token"))
}

fn by_wish_alone() -> LentToken {
    LentToken::new(Hatch::StaticToken, SecretString::from("token"))
}

fn by_opting_in() -> LentToken {
    LentToken::new(&OptIn::Yes, SecretString::from("token"))
}

fn by_hand(token: AccessToken) -> LentToken {
    LentToken(token)
}

fn with_a_permit_by_hand() -> LentToken {
    LentToken::new(&Permit::default(), SecretString::from("token"))
}

fn taken_out(lent: LentToken) -> AccessToken {
    lent.0
}

fn shown(lent: &LentToken) -> String {
    lent.to_string()
}

fn main() {
    let _ = (without_a_permit, by_wish_alone, by_opting_in, by_hand, with_a_permit_by_hand, taken_out, shown);
}
