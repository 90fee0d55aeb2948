"""The conformance suite's `authorization` command against our authorization server, with a browser at its side."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from browser import Browser
from oauth import Client
from observe import observe
from scene import API_CLIENT_ID, MCP_URL
from server import free_port

NAME = "conformance suite"
COMMAND = [os.environ["NODE"], os.environ["CONFORMANCE"], "authorization"]
# Seconds to milliseconds behind the name of the scenario, as the suite writes its folders.
FOLDER = re.compile(r"(.+)-\d{4}-\d\d-\d\dT[\d-]+Z")


def examine(client, named, identify):
    """Has the suite go through its scenarios as the client that `identify` makes for its address."""
    port, results = free_port(), Path(os.environ["RESULTS"]) / named
    options = {
        "--url": client.issuer,
        "--client-id": identify(f"http://127.0.0.1:{port}/callback"),
        "--resource": MCP_URL,
        "--port": str(port),
        "--output-dir": str(results),
    }
    arguments = [part for option in options.items() for part in option]
    address = None
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=sys.stderr, text=True) as suite:
        for line in suite.stdout:
            sys.stderr.write(line)
            if line.startswith(client.server["authorization_endpoint"]):
                address = line.strip()
            # It prints the address first and listens afterwards, as a person does not notice.
            elif address and line.startswith("Callback server started"):
                Browser("alice").open(address)
    checks = {path.parent.name: json.loads(path.read_text()) for path in results.rglob("checks.json")}
    found = {FOLDER.fullmatch(name)[1]: [check["status"] for check in these] for name, these in checks.items()}
    observe(NAME, named, {"exit": suite.returncode, "scenarios": found})


def main():
    client = Client(MCP_URL)
    client.discover()

    def register(address):
        client.register(client_name="Conformance", redirect_uris=[address])
        return client.id

    examine(client, "a registered client", register)
    examine(client, "the app's own id", lambda address: API_CLIENT_ID)


if __name__ == "__main__":
    main()
