"""The MCP Inspector's command line, in one era; its exit code 3 means that the server asked for a token."""

import json
import os
import subprocess
import sys

from observe import observe
from scene import MCP_URL, token

COMMAND = [os.environ["NODE"], os.environ["INSPECTOR"], "--cli", MCP_URL, "--transport", "http", "--format", "json"]


def inspect(*arguments):
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=120, check=False)


def ask(*arguments):
    answer = inspect("--header", f"Authorization: Bearer {token('alice')}", *arguments)
    # What it says on stderr goes to the log of this client.
    sys.stderr.write(answer.stderr)
    return json.loads(answer.stdout)["result"]


def main(era):
    name, in_era = f"Inspector CLI, {era}", ("--protocol-era", era)
    refused = inspect(*in_era, "--method", "tools/list", "--stored-auth-only")
    observe(name, "no token", {"exit": refused.returncode})
    listed = ask(*in_era, "--method", "tools/list")
    observe(name, "list tools", [tool["name"] for tool in listed["tools"]])
    called = ask(*in_era, "--method", "tools/call", "--tool-name", "getMessages", "--tool-arg", "top=2")
    structured = called.get("structuredContent")
    observe(name, "call getMessages", {"isError": called.get("isError", False), "structured": structured})


if __name__ == "__main__":
    main(sys.argv[1])
