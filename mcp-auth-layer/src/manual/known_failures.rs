//! Failures of others that became public, the rule by which they cannot happen here, and the test of the rule.
//!
//! They are listed to be learned from, not to point at: each of these projects repaired its own. A test of this crate checks that
//! every test named here exists.
//!
//! # Tokens
//! | failure | rule here | test |
//! |---|---|---|
//! | `crit` ignored: CVE-2025-59420 (Authlib), CVE-2026-32597 (PyJWT) | `crit` refuses, whatever it names, also when empty | `a_header_asks_for_nothing_that_is_not_done_here` |
//! | a claim of another type counts as absent: CVE-2026-25537 (jsonwebtoken) | claims parse into fixed types or not at all | `odd_types_and_repeated_members_do_not_parse` |
//! | `iss` as a list of which one matches (fast-jwt) | `iss` is one string | `odd_types_and_repeated_members_do_not_parse` |
//! | no `exp`, no check (FastMCP's `jwt.py`) | `exp` is required | `odd_types_and_repeated_members_do_not_parse` |
//! | `nbf` documented and not checked (agentgateway) | `nbf` is checked when it is there | `times_are_checked_to_the_second_with_leeway_on_both_sides` |
//! | `organizations` turns the issuer check off (FastMCP), keys shared by tenants (microsoft/Agents #626) | `iss`, `tid` and the key's issuer belong together | `among_many_tenants_issuer_and_tenant_still_belong_together` |
//! | an unset audience skips the check (several) | there is always one, and `aud` is always required | `a_list_of_names_replaces_all_others_and_is_never_empty`, `only_exact_names_are_ours` |
//! | a token without the scope claim skips the check (rmcp-server-kit's middleware class) | no scope, no access token | `principals_are_told_apart_with_and_without_idtyp` |
//! | documentation that leads to validating Graph tokens (FastMCP #1663) | Graph is refused by name, before any key is fetched | `a_wrong_audience_is_named_before_a_wrong_issuer` |
//! | a weak or encryption key verifies (JWK vectors of Wycheproof) | `use`, `key_ops`, `alg`, size and ROCA are judged when the key is read | `odd_keys_harm_only_themselves`, `a_power_of_the_generator_has_the_fingerprint_and_its_neighbours_have_not` |
//! | no `kid`, first key (mcp_agent_mail #211) | no `kid`, no key | `a_header_asks_for_nothing_that_is_not_done_here`, `forgeries_are_refused` |
//!
//! # Keys
//! | failure | rule here | test |
//! |---|---|---|
//! | each unknown key id is a fetch (go-oidc #482, libjwt #313, meho #3484 and many more) | one fetch per pause, whatever is asked for | `a_rotated_key_is_found_at_once_and_a_flood_of_unknown_kids_fetches_once_per_cool_down` |
//! | the pause is skipped while the set is empty (mobula #28) | the pause depends on time alone | `an_outage_at_the_start_is_unavailable_and_retried_after_a_pause` |
//! | an unknown key id never refreshes (agentgateway #2798, Envoy Gateway #4180) | it does, once the pause is over | `a_rotated_key_is_found_at_once_and_a_flood_of_unknown_kids_fetches_once_per_cool_down` |
//! | one malformed key fails the whole set (agentgateway) | each key is read by itself | `odd_keys_harm_only_themselves` |
//! | the key service's 429 became `invalid_token` (openwork #4438) | an outage is 503 with `Retry-After` | `keys_that_cannot_be_had_are_503_and_never_401` |
//! | a lock held while keys are fetched (jwt-authorizer) | reads take no lock; the fetch is a task of its own | `a_refresh_outlives_the_caller_that_started_it` |
//!
//! # Layers
//! | failure | rule here | test |
//! |---|---|---|
//! | public paths by pattern: GHSA-7x63-xv5r-3p2x, GHSA-7rh7-c77v-6434, GHSA-pxq7-h93f-9jrg (oauth2-proxy) | there is no list of paths | `no_method_no_path_and_no_header_of_a_proxy_is_exempt` |
//! | health checks recognised by user agent: GHSA-5hvv-m4w4-gf6v (oauth2-proxy) | a request is judged by its credential alone | `no_method_no_path_and_no_header_of_a_proxy_is_exempt` |
//! | identity headers smuggled with underscores: CVE-2025-64484 (oauth2-proxy) | identities travel in extensions, never in headers | `identities_in_other_headers_are_nobodys` |
//! | with authentication off the bearer token is forwarded (caipe #1929) | the header is removed from what passes | `a_good_token_passes_and_the_credential_goes_no_further` |
//! | a clone that was not polled ready is called (several Tower layers) | the service that was ready is the one that is called | `the_service_that_was_ready_is_the_one_that_is_called`, `no_permit_of_a_concurrency_limit_is_lost` |
//! | exception text in `WWW-Authenticate` | fixed sentences | `a_challenge_describes_its_error_and_tells_apart_only_what_helps_an_honest_caller` |
//! | `Debug` prints the expected token (tower-http `Bearer`) | secrets are types that print nothing | `nothing_of_a_token_is_printed` |
//! | DNS rebinding on a local server: CVE-2026-42559 (rmcp before 1.4) | hosts and origins are configured, and refused first | `the_host_is_one_of_those_that_are_configured`, `an_origin_is_absent_or_listed_byte_for_byte` |
//! | another caller continues or ends a session (rmcp's default, measured) | a session belongs to the caller who opened it | `a_session_serves_the_caller_who_opened_it_and_nobody_else` |
//! | sessions bound to token bytes end at each refresh (toolhive #5306) | they are bound to the person and the client | `a_refreshed_token_of_one_person_through_one_client_is_one_owner` |
//! | not `production` spelled exactly, so open (the reference server) | anything but `development` is production | `only_the_exact_word_is_development` |
//!
//! # Operations
//! | failure | rule here | test |
//! |---|---|---|
//! | a rule that cannot be evaluated is skipped (agentgateway's `deny`, Envoy AI Gateway) | what is not allowed is denied | `nothing_is_allowed_by_default_and_tools_are_listed_one_by_one` |
//! | the header names one tool, the body another | the body decides, and the headers must agree | `headers_agree_with_the_body_in_every_version_and_are_needed_in_the_new_one` |
//! | a batch hides a call behind a harmless one | batches are refused | `what_could_be_read_in_two_ways_is_refused` |
//! | a list of tools that is public is shown to other callers (rmcp's macro) | a filtered list is marked private | `a_list_shows_each_caller_what_he_may_call_and_is_private` |
//!
//! # Redirects
//! | failure | rule here | test |
//! |---|---|---|
//! | prefix match: `http://localhost.evil.com`, `http://localhost@evil.com` (the reference server) | rules are whole hosts or whole URIs | `no_attack_is_allowed_and_each_is_stopped_by_its_own_rule` |
//! | localhost against 127.0.0.1: CVE-2024-8883; several `@`: CVE-2026-7504; `..;/`: CVE-2026-3872 (Keycloak) | no `@`, no dot segments, one spelling per rule | `no_attack_is_allowed_and_each_is_stopped_by_its_own_rule`, `a_loopback_rule_allows_its_own_spelling_only` |
//! | scheme blocklists passed by case and blanks (workers-oauth-provider #97) | schemes are allowed, never blocked | `no_attack_is_allowed_and_each_is_stopped_by_its_own_rule` |
//! | no list means every URI (FastMCP #1582) | the empty list allows nothing | `none_is_the_list_that_allows_nothing_and_a_blank_is_an_error` |
//! | redirect before the URI was judged: CVE-2025-4143 (workers-oauth-provider) | a refusal is a page, never a redirect | `anything_else_is_a_fixed_page_that_leads_nowhere` |
