"""Decides whether what the clients saw is right, and prints the table: client, step, result.

Every row is expected here, so a client that dies before a step cannot pass it. Reads the observations from stdin.
"""

import json
import sys
from collections import Counter
from itertools import groupby

MESSAGE_URL = "https://admin.microsoft.com/#/MessageCenter/:/messages/"
VERSIONS = {"legacy": "2025-11-25", "modern": "2026-07-28"}


# Clients that also come with a token that is there already.
SHOWN_A_TOKEN = tuple(f"{kind}, {era}" for kind in ("SDK", "CLI") for era in VERSIONS)
APPS = ("one app", "public app", "second app")


class Wrong(Exception):
    """What a client saw is not what it must see; the text says what it was."""


def expect(good, saw):
    if not good:
        raise Wrong(f"saw {json.dumps(saw)[:160]}")


def is_exactly(expected):
    def judge(saw):
        expect(saw == expected, saw)
        if isinstance(expected, dict):
            return ", ".join(f"{name} {value}" for name, value in expected.items())
        return ", ".join(expected) if isinstance(expected, list) else str(expected)

    return judge


def two_messages(saw):
    """Two messages, each with the address under which an administrator opens it."""
    messages = (saw["structured"] or {}).get("value", [])
    expect(saw["isError"] is False and len(messages) == 2, saw)
    for message in messages:
        expect(message["id"] and message["url"] == MESSAGE_URL + message["id"], message)
    return " ".join(message["id"] for message in messages)


def role_is_missing(saw):
    """A failure is a result of the tool with a kind to act on, and passes the SDK's check of the output."""
    kind = saw["structured"]["error"]["kind"]
    expect(saw["isError"] is True and kind == "forbidden_role", saw)
    return f"isError, {kind}"


def refused_with_401(saw):
    expect(saw and set(saw) == {401}, saw)
    return "HTTP 401"


def asked_for_a_token(saw):
    expect(saw == {"exit": 3}, saw)
    return "exit 3"


def challenge(saw):
    expect(saw["status"] == 401 and saw["resource"] == saw["url"], saw)
    # Some clients ask for what the challenge names, others for what the metadata does, and some warn when the two differ.
    expect([saw["asks"]] == saw["supported"], saw)
    return "HTTP 401 names the resource and its scope"


def discovery(saw):
    expect(saw["issuer"] == saw["named"], saw)
    return "issuer as named"


def bearer(saw):
    expect(saw["status"] == 200 and saw["type"] == "Bearer", saw)
    return "token"


def granted(saw):
    expect(saw["granted"] and "ServiceMessage.Read.All" in saw["scope"], saw)
    return "Graph token"


def needs_interaction(saw):
    """MFA, reported in a way on which a program can act: by the class of the exception, or by the error's members."""
    expect(not saw["granted"] and saw["error"] in {"invalid_grant", "interaction_required"}, saw)
    expect(saw.get("raised", "InteractionRequiredAuthError") == "InteractionRequiredAuthError", saw)
    expect(saw["suberror"] or saw["claims"], saw)
    return f"{saw.get('raised', saw['error'])}, {saw['suberror']}"


SIGN_IN = {"asked": 1, "signed_in": 1, "stepped_up": 0, "status": 200}
CODE = "authorization_code"


def visited(saw, *expected):
    """The browser was opened so often and no more, and this is what happened in it."""
    visits = [{name: visit[name] for name in SIGN_IN} for visit in saw["visits"]]
    expect(visits == list(expected), visits)


def asked_of_the_server(saw, refusals, grants):
    expect(saw["refusals"] == refusals and saw["grants"] == grants, {name: saw[name] for name in ("refusals", "grants")})


def one_sign_in(saw):
    visited(saw, SIGN_IN)
    return "one page, one sign-in"


def one_sign_in_by_an_sdk(saw):
    asked_of_the_server(saw, [401], [CODE])
    return one_sign_in(saw)


def stepped_up_once(saw):
    """One refusal by scope, one more sign-in, and that with the challenge; a refresh would help nothing."""
    visited(saw, SIGN_IN, {**SIGN_IN, "stepped_up": 1})
    asked_of_the_server(saw, [401, 403], [CODE, CODE])
    return "one 403, one sign-in with MFA"


def nothing_more(saw):
    asked_of_the_server(saw, [401, 403], [CODE, CODE])
    expect(saw["visits"] == 2, saw)
    return "no sign-in, no refresh"


def refreshed_twice(refusals):
    def judge(saw):
        asked_of_the_server(saw, refusals, [CODE, "refresh_token", "refresh_token"])
        expect(saw["visits"] == 1, saw)
        return "one sign-in, two refreshes"

    return judge


def conforms(saw):
    """Every check of both scenarios."""
    named = {"authorization-server-metadata-endpoint", "authorization-code-grant"}
    scenarios = {name.removeprefix("authorization-server-"): checks for name, checks in saw["scenarios"].items()}
    expect(saw["exit"] == 0 and set(scenarios) == named, saw)
    expect(all(set(checks) == {"SUCCESS"} for checks in scenarios.values()), saw)
    return f"2 scenarios, {sum(map(len, scenarios.values()))} checks"


STEPS = ["/authorize", "/authorize/consent", "/oauth/callback", "/token", "/token"]


def by_turns(saw):
    paths, replicas = zip(*saw["took"])
    expect(saw["statuses"] == [200, 200] and list(paths[-len(STEPS) :]) == STEPS, saw)
    expect(all(one != next for one, next in zip(replicas, replicas[1:])), saw)
    return f"{len(paths)} requests, each at the other"


def survives(saw):
    expect(saw["statuses"] == [200, 200] and saw["before"] == STEPS, saw)
    return f"killed {len(STEPS)} times"


def costs_nothing(saw):
    expect(saw["created"] == 10_000 and saw["grown"] < 4_096, saw)
    return f"{saw['grown']:+} kB of {saw['before']:,} kB"


def in_no_log(saw):
    """At least the codes, tickets, cookies, verifiers and tokens of each sign-in by hand must have been looked for."""
    expect(saw["found"] == "none" and saw["known"] > 60, saw)
    return f"none of {saw['known']}"


def signed(algorithm, *names):
    """An assertion that verifies with the certificate and names it so."""

    def judge(saw):
        expect(saw == {"alg": algorithm, "typ": "JWT", "names": list(names), "claims": True}, saw)
        return " ".join([algorithm, *names])

    return judge


def sdk(client, era):
    yield client, "connect", is_exactly(VERSIONS[era])
    yield client, "list tools", is_exactly(["getMessages"])
    yield client, "call getMessages", two_messages
    if client.startswith("Python"):
        yield client, "call, minted token", two_messages
    yield client, "call without the role", role_is_missing
    yield client, "no token", refused_with_401
    yield client, "from the URL alone", two_messages
    yield client, "in the browser", one_sign_in_by_an_sdk


def inspector(client):
    yield client, "list tools", is_exactly(["getMessages"])
    yield client, "call getMessages", two_messages
    yield client, "no token", asked_for_a_token
    yield from opens_a_browser(client)


def opens_a_browser(client):
    yield client, "from the URL alone", two_messages
    yield client, "in the browser", one_sign_in


def mfa(client):
    yield client, "call behind MFA", two_messages
    yield client, "step-up", stepped_up_once
    yield client, "call again", two_messages
    yield client, "needs nothing", nothing_more


def refreshes(client):
    yield client, "call", two_messages
    yield client, "call, first refresh", two_messages
    yield client, "call, second refresh", two_messages
    # The Python SDK keeps the time itself; the other waits until it is refused.
    yield client, "grants", refreshed_twice([401] if client.startswith("Python") else [401, 401, 401])


def msal(client):
    yield client, "exchange, alice", granted
    yield client, "exchange, mfa", needs_interaction
    yield client, "exchange, mfa2", needs_interaction


def assertions(client):
    yield client, "assertion, PEM", signed("PS256", "x5t#S256")
    yield client, "assertion, PEM, x5c", signed("PS256", "x5t#S256", "x5c of 2")
    yield client, "assertion, PEM, RS256", signed("RS256", "x5t#S256", "x5t")
    yield client, "assertion, PFX", signed("PS256", "x5t#S256")


def counted(saw):
    """What the emulator must have counted, given which clients were there: a token is exchanged once for all of them."""
    calls = sum(client.endswith(SHOWN_A_TOKEN) and step.startswith("call") for client, step in saw)
    exchanges = Counter(step.removeprefix("exchange, ") for client, step in saw if client.startswith("msal"))
    alone, again, refreshed = (Counter(step for _, step in saw)[step] for step in ("in the browser", "step-up", "grants"))
    by_sdk = Counter("mfa" if client.startswith("Python") else "mfa2" for client, step in saw if step == "step-up")
    yield "emulator, MCP clients", "exchanges", is_exactly({"alice": 1, "bob": 1, "norole": 1})
    yield "emulator, MCP clients", "calls of Graph", is_exactly(calls)
    yield "emulator, URL alone", "sign-ins", is_exactly({"authorize": alone, "code": alone, "refresh": 0})
    yield "emulator, URL alone", "exchanges", is_exactly({"alice": alone})
    # Each once for nothing and once after MFA.
    yield "emulator, MFA", "sign-ins", is_exactly({"authorize": 2 * again, "code": 2 * again, "refresh": 0})
    yield "emulator, MFA", "exchanges", is_exactly({user: 2 * count for user, count in sorted(by_sdk.items())})
    twice = {"authorize": refreshed, "code": refreshed, "refresh": 2 * refreshed}
    yield "emulator, refreshes", "sign-ins", is_exactly(twice)
    yield "emulator, MSAL", "exchanges", is_exactly(dict(exchanges))
    yield "emulator, MSAL", "calls of Graph", is_exactly(0)


def expected(saw):
    by_hand = "sign-in by hand"
    yield by_hand, "challenge", challenge
    yield by_hand, "discovery", discovery
    for user in ("alice", "mfa", "mfa2"):
        yield by_hand, f"code and PKCE, {user}", bearer
    for language in ("Python", "TypeScript"):
        for era in VERSIONS:
            yield from sdk(f"{language} SDK, {era}", era)
    for era in VERSIONS:
        yield from inspector(f"Inspector CLI, {era}")
    yield from opens_a_browser("mcp-remote")
    yield "conformance suite", "a registered client", conforms
    yield "conformance suite", "the app's own id", conforms
    for language in ("Python", "TypeScript"):
        for era in VERSIONS:
            yield from mfa(f"{language}, MFA, {era}")
    for language in ("Python", "TypeScript"):
        for app in APPS:
            yield from refreshes(f"{language}, {app}")
    yield "two replicas", "login and refresh", by_turns
    yield "two replicas", "call getMessages", two_messages
    yield "kill -9 between steps", "login and refresh", survives
    yield "registrations", "10,000 of them", costs_nothing
    yield "registrations", "one more than ten", is_exactly({"created": 10, "refused": 1})
    for language in ("Python", "Node"):
        yield from msal(f"msal for {language}")
    yield from assertions("PyJWT")
    yield from counted(saw)
    yield "all output", "tokens and secrets", in_no_log


def verdict(client, step, judge, saw, skipped):
    if client in skipped:
        return "skipped", skipped[client]
    if (client, step) not in saw:
        return "failed", "did not get this far"
    try:
        return "passed", judge(saw[client, step])
    except Wrong as wrong:
        return "failed", str(wrong)
    except (KeyError, TypeError, AttributeError) as error:
        return "failed", f"not of the expected form: {error!r}"


def main(lines):
    observations = [json.loads(line) for line in lines]
    skipped = {one["client"]: one["skip"] for one in observations if "skip" in one}
    saw = {(one["client"], one["step"]): one["saw"] for one in observations if "saw" in one}
    rows = [(client, step, *verdict(client, step, judge, saw, skipped)) for client, step, judge in expected(saw)]
    print(f"\n{'client':<23} {'step':<22} result")
    for client, group in groupby(rows, key=lambda row: row[0]):
        for number, (_, step, outcome, detail) in enumerate(group):
            print(f"{client if number == 0 else '':<23} {step:<22} {outcome}  {detail}")
    totals = Counter(outcome for *_, outcome, _ in rows)
    print(f"\n{totals['passed']} passed, {totals['failed']} failed, {totals['skipped']} skipped")
    return 1 if totals["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.stdin))
