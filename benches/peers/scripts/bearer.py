"""The bearer checks of npm and PyPI over HTTP: a route that says hello, with and without the check."""

import urllib.error
import urllib.request
from contextlib import ExitStack

from load import Load, median_of, process
from place import HERE, NODE, PYTHON, SCRIPTS, SERVER, node_package, node_version, python_version
from service import Service

WHAT = "hello over HTTP, known token"


def checks(sheet, scale, emulator):
    tokens = emulator.tokens(1)
    with ExitStack() as stack:
        servers = {}
        for number, (who, command, is_checked) in enumerate(programs()):
            server = stack.enter_context(Service(f"hello-{number}", command, SERVER, emulator.told))
            url = f"{server.url()}/hello"
            check_refusal(url, is_checked)
            load = Load(url, tokens=tokens, expect="hello", pids=(server.pid,))
            load.pace(scale.hello_seconds, scale.hello_requests)
            servers[who] = load
        outcomes = {who: [] for who in servers}
        # In turn, so that whatever else the machine does hits all alike.
        for _ in range(scale.http_rounds):
            for who, load in servers.items():
                outcomes[who].append(load.round())
    for who, seen in outcomes.items():
        sheet.row(WHAT, who, median_of(seen, "rps"), "req/s", "16 connections, the server on one processor")
        sheet.row(f"{WHAT}, server CPU", who, process(seen, 0, "cpu_us_per_request"), "us")


def programs():
    express, starlette = node_package("express"), f"Starlette {python_version('starlette')}"
    express = express.capitalize()
    node = [NODE, SCRIPTS / "hello.mjs"]
    python = [PYTHON, HERE / "hello.py"]
    return [
        (f"{express}, no check", [*node, "none"], False),
        (f"{express} + {node_package('jose')}", [*node, "jose"], True),
        (f"{express} + {node_package('express-oauth2-jwt-bearer')}", [*node, "auth0"], True),
        (f"{express} + MCP SDK {node_version('@modelcontextprotocol/server')} requireBearerAuth", [*node, "mcp"], True),
        (f"{starlette}, no check", [*python, "none"], False),
        (f"{starlette} + FastMCP {python_version('fastmcp')} JWTVerifier", [*python, "fastmcp"], True),
    ]


def check_refusal(url, is_checked):
    """A check that lets everybody in would be the fastest."""
    request = urllib.request.Request(url, headers={"Authorization": "Bearer not.a.token"})
    try:
        status = urllib.request.urlopen(request, timeout=60).status
    except urllib.error.HTTPError as error:
        status = error.code
    if status != (401 if is_checked else 200):
        raise RuntimeError(f"{url} answered a bad token with {status}")
