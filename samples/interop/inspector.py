"""The MCP Inspector's command line, in one era; its exit code 3 means that the server asked for a token.

    inspector.py ERA          with a token that is there already
    inspector.py ERA alone    from nothing but the server's address
"""

import json
import os
import subprocess
import sys

from browser import visits
from observe import observe
from scene import MCP_URL, keep_stored, token
from server import free_port

COMMAND = [os.environ["NODE"], os.environ["INSPECTOR"], "--cli", MCP_URL, "--transport", "http", "--format", "json"]


CALL = ("--method", "tools/call", "--tool-name", "getMessages", "--tool-arg", "top=2")


def inspect(*arguments):
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=120, check=False)


def result_of(answer):
    # What it says on stderr goes to the log of this client.
    sys.stderr.write(answer.stderr)
    return json.loads(answer.stdout)["result"]


def ask(*arguments):
    return result_of(inspect("--header", f"Authorization: Bearer {token('alice')}", *arguments))


def observe_call(name, step, called):
    structured = called.get("structuredContent")
    observe(name, step, {"isError": called.get("isError", False), "structured": structured})


def visit(name, in_era):
    refused = inspect(*in_era, "--method", "tools/list", "--stored-auth-only")
    observe(name, "no token", {"exit": refused.returncode})
    listed = ask(*in_era, "--method", "tools/list")
    observe(name, "list tools", [tool["name"] for tool in listed["tools"]])
    observe_call(name, "call getMessages", ask(*in_era, *CALL))


def alone(name, in_era):
    """It opens the browser itself, and listens at an address that it is told."""
    callback = f"http://127.0.0.1:{free_port()}/oauth/callback"
    observe_call(name, "from the URL alone", result_of(inspect(*in_era, "--callback-url", callback, *CALL)))
    observe(name, "in the browser", {"visits": visits(awaited=1)})
    keep_stored(os.environ["MCP_STORAGE_DIR"])


def main(era, scene="visit"):
    {"visit": visit, "alone": alone}[scene](f"Inspector CLI, {era}", ("--protocol-era", era))


if __name__ == "__main__":
    main(*sys.argv[1:])
