//! What must not compile: a proof made by hand, a grant that a caller chose, or a token that was given for another service.
//!
//! What must is in `proofs.rs`, and not here: for one program that runs, the harness would link every dependency once more.

#[test]
fn proofs_and_requests_cannot_be_forged() {
    trybuild::TestCases::new().compile_fail("tests/fail/*.rs");
}
