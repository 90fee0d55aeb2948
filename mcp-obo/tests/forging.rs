//! What must not compile: a proof made by hand, a grant that a caller chose, or a token that was given for another service.

#[test]
fn proofs_and_requests_cannot_be_forged() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/pass/*.rs");
    cases.compile_fail("tests/fail/*.rs");
}
