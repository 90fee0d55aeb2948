"""`getMessages` end to end: client, server, On-Behalf-Of, Graph. Servers of Node and Python beside ours, all with the same."""

import json
import urllib.error
import urllib.request
from contextlib import ExitStack

from load import Load, median_of, process
from place import HERE, NODE, ORIGINAL, PYTHON, PROGRAMS, SCRIPTS, SERVER, WORK, node_version, python_version
from scale import people
from service import Service, free_port

CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "getMessages", "arguments": {}}}
HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json, text/event-stream",
    "MCP-Protocol-Version": "2025-11-25",
}
NODE_STACK, PYTHON_STACK, OURS = "Node: express + MCP SDK + msal-node", "Python: FastMCP + msal", "ours"
ORIGINAL_STACK = "Node, as the original: express 4 + MCP SDK 1 + MSAL 3"
VERSIONS = {
    NODE_STACK: lambda: f"MCP SDK {node_version('@modelcontextprotocol/server')}, ",
    ORIGINAL_STACK: lambda: (
        f"express {node_version('express', ORIGINAL)}, MCP SDK {node_version('@modelcontextprotocol/sdk', ORIGINAL)}, "
        f"msal-node {node_version('@azure/msal-node', ORIGINAL)}, answers as events, "
    ),
    PYTHON_STACK: lambda: f"FastMCP {python_version('fastmcp')}, ",
    OURS: lambda: "",
}


def end_to_end(sheet, scale, emulator):
    body = WORK / "call.json"
    body.write_text(json.dumps(CALL))
    for named, users in scale.users.items():
        tokens = emulator.tokens(users)
        with ExitStack() as stack:
            servers = {
                NODE_STACK: [peer("node", emulator, [NODE, SCRIPTS / "messages.mjs", tokens])],
                ORIGINAL_STACK: [peer("original", emulator, [NODE, ORIGINAL / "messages_original.mjs", tokens])],
                PYTHON_STACK: [peer("fastmcp", emulator, [PYTHON, HERE / "messages_fastmcp.py", tokens])],
                # Another for each round: one process of ours takes up to a fifth more than the next, for as long as it lives.
                # The others take too long to fill.
                OURS: [ours(emulator, number) for number in range(scale.http_rounds)],
            }
            loads = {who: [] for who in servers}
            for who, server in ((who, server) for who, some in servers.items() for server in some):
                stack.enter_context(server)
                url = f"{server.address()}/mcp"
                headers = [f"MCP-Protocol-Version: {HEADERS['MCP-Protocol-Version']}"]
                pids = (server.pid, emulator.pid)
                loads[who].append(Load(url, tokens, body, headers, expect='"structuredContent"', pids=pids))
            compare([load.url for some in loads.values() for load in some], tokens)
            measure(sheet, scale, emulator, people(named), users, loads)


def peer(name, emulator, command):
    server = Service(f"{name}-messages", command, SERVER, emulator.told)
    server.address = server.url
    return server


def ours(emulator, number):
    port = free_port()
    settings = {
        "MCP_ENV": "development", "PORT": str(port), "AZURE_AUTHORITY_HOST": emulator.http,
        "GRAPH_BASE_URL": f"{emulator.http}/v1.0", "GRAPH_TENANT_ID": emulator.tenant,
        "GRAPH_CLIENT_ID": emulator.client, "GRAPH_CLIENT_SECRET": emulator.secret,
        # Out of the way: the other server has no limits.
        "MCP_RATE_LIMIT_PER_MINUTE": "1000000000",
    }  # fmt: skip
    server = Service(f"message-center-{number}", [PROGRAMS / "message-center", "serve"], SERVER, settings)
    url = f"http://127.0.0.1:{port}"

    def address():
        server.wait_for(f"{url}/readyz")
        return url

    server.address = address
    return server


def compare(urls, tokens):
    """All must answer the same five messages, and refuse a caller whom nobody signed in."""
    token = tokens.read_text().split("\n")[0]
    results = [call(url, token) for url in urls]
    if any(len(result["structuredContent"]["value"]) != 5 or result.get("isError") for result in results):
        raise RuntimeError(f"no five messages: {str(results)[:600]}")
    shown = [json.loads(result["content"][0]["text"]) for result in results]
    shown += [result["structuredContent"] for result in results]
    if any(one != shown[0] for one in shown):
        raise RuntimeError("the servers do not answer the same")
    for url in urls:
        try:
            call(url, forged(token))
        except urllib.error.HTTPError as error:
            assert error.code == 401, error
        else:
            raise RuntimeError(f"{url} answered a forged token")


def forged(token):
    """With one character of the signature changed, and not the last, which is not all signature."""
    return f"{token[:-9]}{'B' if token[-9] == 'A' else 'A'}{token[-8:]}"


def call(url, token):
    headers = {**HEADERS, "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(url, json.dumps(CALL).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as response:
        text = response.read().decode()
        if response.headers.get_content_type() == "text/event-stream":
            # One event, whose data is one line.
            text = next(line for line in text.splitlines() if line.startswith("data:")).removeprefix("data:")
    return json.loads(text)["result"]


def measure(sheet, scale, emulator, crowd, users, loads):
    for load in loads[OURS]:
        # The others did so before they listened.
        load.once_each(users)
    exchanges = emulator.counters()["obo"]
    outcomes = {who: [] for who in loads}
    for load in (load for some in loads.values() for load in some):
        load.pace(scale.message_seconds, scale.message_requests)
    for number in range(scale.http_rounds):
        for who, some in loads.items():
            outcomes[who].append(some[number % len(some)].round())
    again = emulator.counters()["obo"] - exchanges
    if again:
        raise RuntimeError(f"{again} exchanges of tokens that were cached")
    what = f"getMessages, {crowd}"
    for who, seen in outcomes.items():
        share = process(seen, 1, "busy_percent")
        note = (
            f"{VERSIONS[who]()}16 connections; the server was busy for {process(seen, 0, 'busy_percent'):.0f} % of the time; "
            f"Graph took {share:.0f} % of the processor that it shares with the generator"
        )
        sheet.row(what, who, median_of(seen, "rps"), "req/s", note)
        for name in ("p50", "p99"):
            # Of few requests, the 99th in a hundred is the slowest of all.
            of = f"of {median_of(seen, 'requests')} requests in a round"
            sheet.row(f"{what}, {name}", who, median_of(seen, f"{name}_ms"), "ms", of)
        sheet.row(f"{what}, server CPU", who, process(seen, 0, "cpu_us_per_request") / 1e3, "ms")
        sheet.row(f"{what}, RSS", who, process(seen, 0, "rss_mb"), "MB")
