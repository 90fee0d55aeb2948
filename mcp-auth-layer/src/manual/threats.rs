//! Every threat to the layers, the control against it, and the test that fails when the control is removed.
//!
//! Letters are those of STRIDE. A test of this crate checks that every test named here exists.
//!
//! # Bearer layer
//! | id | threat | control | test |
//! |---|---|---|---|
//! | B1 S | forged or unsigned token: `none`, HMAC under the public key, keys in the header, JWE | algorithms are the policy's and never HMAC; keys come from the configured issuer by `kid`; header keys are never read | `forgeries_are_refused`, `a_header_asks_for_nothing_that_is_not_done_here`, `a_header_can_neither_choose_the_key_nor_switch_the_check_off` |
//! | B2 S/E | token for another audience: Graph, ARM, our own exchanged token replayed | exact audiences, `aud` required and typed; a known resource is refused by name, also beside our own name, and cannot be configured | `only_exact_names_are_ours`, `a_known_resource_or_a_blank_cannot_be_configured`, `claims_that_are_not_for_us_are_refused_each_for_its_reason`, `an_audience_is_ours_exactly_when_it_is_the_name` |
//! | B3 S | another tenant, look-alike issuer, list of issuers, key of another tenant | `iss` is one string and that of `tid`, by discovered names; the key's own `issuer` must agree | `issuer_tenant_and_version_must_belong_together`, `among_many_tenants_issuer_and_tenant_still_belong_together`, `odd_types_and_repeated_members_do_not_parse`, `an_issuer_is_trusted_exactly_when_it_is_the_one` |
//! | B4 E | ID, app-only, logout or proof-of-possession token used as a user's access token | `scp` needed, `idtyp`, `typ` allowlist, `cnf` refused, applications shut out unless a role lets them in | `principals_are_told_apart_with_and_without_idtyp`, `only_kinds_of_access_tokens_pass`, `a_bound_token_is_refused_whatever_the_binding_says`, `without_a_rule_users_pass_and_applications_do_not` |
//! | B5 E | scope by substring, case, role name or type | split on single spaces, compared whole; roles and scopes never mix | `a_claim_is_split_on_spaces_and_compared_whole`, `whole_scopes_decide_and_the_refusal_names_the_nearest_way_in`, `an_application_passes_only_by_a_role_that_is_named`, `a_scope_is_granted_exactly_when_it_is_one_of_the_words` |
//! | B6 S | expired, not yet valid, odd dates | `exp` required, `nbf` honoured, whole numbers only, 60 s of leeway; checked again on every use of a remembered verdict | `times_are_checked_to_the_second_with_leeway_on_both_sides`, `a_remembered_verdict_ends_with_the_token` |
//! | B7 T | parser differentials: repeated members, trailing data, padding, stray bits | one strict parse into fixed members; the verified bytes are the parsed ones | `odd_types_and_repeated_members_do_not_parse`, `only_three_unpadded_parts_are_a_signed_text`, `a_token_that_is_changed_at_any_one_place_is_refused` |
//! | B8 S | credentials smuggled by a second header, a list, the query, cookies or proxies' headers | one `Authorization` header with one token; a token in the query refuses the request; nothing else is read | `one_header_with_one_token_is_a_credential`, `a_token_in_the_query_is_found_however_its_name_is_written`, `identities_in_other_headers_are_nobodys`, `no_header_is_let_through_but_one_well_formed_credential` |
//! | B9 E | exemption by path or method | there are no exemptions: routes compose | `no_method_no_path_and_no_header_of_a_proxy_is_exempt` |
//! | B10 D | giant tokens and key ids, deep JSON | 24 KiB before decoding, 256 bytes of `kid`, serde's depth limit, no decompression | `a_giant_is_refused_before_it_is_decoded`, `a_header_asks_for_nothing_that_is_not_done_here`, `depth_costs_no_stack` |
//! | B11 I | an oracle, or reflection, in errors | fixed sentences, one for all that helps only a forger | `a_challenge_describes_its_error_and_tells_apart_only_what_helps_an_honest_caller`, `quotes_and_control_characters_cannot_leave_their_quotes` |
//! | B12 T/S | `resource_metadata` poisoned by `Host` or forwarded headers | the URL comes from configuration | `a_challenge_repeats_nothing_of_the_request` |
//! | B13 S | state of one request or connection seen by another | the service has none; extensions are replaced, never merged | `a_caller_in_the_extensions_is_replaced_and_its_absence_is_a_500`, `the_service_that_was_ready_is_the_one_that_is_called` |
//! | B14 R | nobody knows who called | one event per decision, with the ids of verified callers | `an_admission_names_who_and_through_which_client`, `every_outcome_has_the_event_that_is_promised` |
//! | B15 D | a refusal waits for the body | the layer asks nothing of the body's type, so it cannot read it | `no_method_no_path_and_no_header_of_a_proxy_is_exempt` |
//!
//! # Keys
//! | id | threat | control | test |
//! |---|---|---|---|
//! | J1 D | a flood of invented key ids | a pause that depends on time alone, one fetch at a time, unknown ids remembered by digest and in bounded number | `a_rotated_key_is_found_at_once_and_a_flood_of_unknown_kids_fetches_once_per_cool_down`, `many_callers_share_one_run_and_then_wait_out_the_pause` |
//! | J2 D | stampede at a cold start, a hanging or endless answer | one fetch, deadlines, a bound on bytes; callers wait 2 s at most | `a_cold_start_of_many_callers_is_one_fetch`, `a_caller_waits_two_seconds_at_most_and_the_fetch_goes_on`, `a_body_is_bounded_whatever_it_announces` |
//! | J3 S | redirects, plain http, a document of somebody else | no redirects, https outside loopback, the issuer's name byte for byte | `a_redirect_is_an_answer_and_not_a_second_request`, `plain_http_never_leaves_the_machine`, `keys_are_where_the_issuers_own_document_says`, `documents_that_are_not_this_tenants_or_lead_astray_are_refused` |
//! | J4 D | one odd key disables all | each key is read by itself | `odd_keys_harm_only_themselves` |
//! | J5 S | `oct`, encryption, weak or repeated keys, another algorithm or curve | only public signing keys of the policy's algorithms and of sound size; names that stand twice are nobody's | `odd_keys_harm_only_themselves`, `a_key_that_is_not_for_this_verifies_nothing` |
//! | J6 S | a removed key stays trusted | a success replaces the whole set, and ends verdicts made with lost keys; sets have a greatest age | `a_withdrawn_key_is_gone_after_the_next_success_and_changes_the_generation`, `a_remembered_verdict_ends_with_its_key_even_when_nobody_sends_another_token`, `a_remembered_verdict_does_not_outlive_the_set_in_an_outage` |
//! | J7 D | an outage evicts good keys, or is taken for an answer | a failure evicts nothing and is 503, never 401 | `an_outage_keeps_known_keys_and_is_not_blamed_on_the_caller`, `keys_that_cannot_be_had_are_503_and_never_401` |
//! | J8 T | a life that the answer's headers name | headers of the answer are not read; ages are the policy's | `limits_are_kept_to_the_second` |
//!
//! # Redirect allowlist
//! | id | threat | control | test |
//! |---|---|---|---|
//! | R1 S | user information, suffix domains, backslashes, encoded delimiters, odd hosts and ports | a small grammar on the raw bytes, and a URL parser that must agree; the same bytes go on | `no_attack_is_allowed_and_each_is_stopped_by_its_own_rule`, `two_other_readers_agree_on_an_allowed_host_for_whatever_is_allowed` |
//! | R2 E | entries that allow more than they say | rules are typed; anything that could widen one is a configuration error | `bad_entries_are_refused_with_their_fault`, `good_entries_become_the_rule_they_say` |
//! | R3 E | an empty list that allows all | empty allows nothing, and a blank is an error | `none_is_the_list_that_allows_nothing_and_a_blank_is_an_error`, `refuses_by_default` |
//! | R4 T | what is checked is not what is used | [`AllowedRedirect`](crate::redirect::AllowedRedirect) holds the bytes that were judged | `an_allowed_uri_reaches_the_service_decoded_once`, `an_earlier_verdict_is_replaced_and_never_believed` |
//!
//! # Production guard
//! | id | threat | control | test |
//! |---|---|---|---|
//! | G1 E | a misspelt environment counts as development | anything but the exact word is production | `only_the_exact_word_is_development`, `two_names_that_differ_are_production` |
//! | G2 E | an unset variable counts as development | unset is production | `only_the_exact_word_is_development`, `the_default_policy_is_the_strictest` |
//! | G3 E | an opt-in by a sloppy truth | one literal; anything unclear is an error | `only_one_literal_opts_in_and_anything_unclear_is_an_error` |
//! | G4 E | a hatch left open in production | it refuses to open, by environment and exposure | `each_hatch_opens_only_where_it_may`, `a_refusal_names_the_hatch_and_what_to_change` |
//! | G5 E | a default, a missing layer, a wrong order or a feature opens one | a hatch needs a [`Permit`](crate::bypass::Permit), which only the policy makes and only the guard hands on | `without_the_layer_no_hatch_works`, `without_the_guard_no_hatch_works`, `the_default_policy_is_the_strictest` |
//! | G6 E | a switch in the request | nothing in a request opens a hatch | `nothing_in_a_request_opens_a_hatch` |
//! | G7 R | a silent bypass | announced, counted, audited, and marked in the response | `open_hatches_are_announced_once_and_every_use_is_audited`, `a_mark_names_what_the_request_used_and_nothing_else` |
