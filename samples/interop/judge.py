"""Decides whether what the clients saw is right, and prints the table: client, step, result.

Every row is expected here, so a client that dies before a step cannot pass it. Reads the observations from stdin.
"""

import json
import sys
from collections import Counter
from itertools import groupby

MESSAGE_URL = "https://admin.microsoft.com/#/MessageCenter/:/messages/"
VERSIONS = {"legacy": "2025-11-25", "modern": "2026-07-28"}


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
    return "HTTP 401 names the resource"


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


def inspector(client):
    yield client, "list tools", is_exactly(["getMessages"])
    yield client, "call getMessages", two_messages
    yield client, "no token", asked_for_a_token


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
    calls = sum(step.startswith("call") and not client.startswith("emulator") for client, step in saw)
    exchanges = Counter(step.removeprefix("exchange, ") for client, step in saw if client.startswith("msal"))
    yield "emulator, MCP clients", "exchanges", is_exactly({"alice": 1, "bob": 1, "norole": 1})
    yield "emulator, MCP clients", "calls of Graph", is_exactly(calls)
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
    for language in ("Python", "Node"):
        yield from msal(f"msal for {language}")
    yield from assertions("PyJWT")
    yield from counted(saw)
    yield "all output", "tokens and secrets", is_exactly("none")


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
