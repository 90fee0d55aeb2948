"""What the run script has set up: where the servers are, and who has signed in."""

import json
import os
from pathlib import Path

MCP_URL = os.environ.get("MCP_URL", "")
EMULATOR_HTTP = os.environ["EMULATOR_HTTP"]
EMULATOR_HTTPS = os.environ["EMULATOR_HTTPS"]
EMULATOR_CA = os.environ["EMULATOR_CA"]
TENANT_ID = os.environ["TENANT_ID"]
API_CLIENT_ID = os.environ["API_CLIENT_ID"]
API_CLIENT_SECRET = os.environ["API_CLIENT_SECRET"]
TOKENS = Path(os.environ["TOKENS"])


def token(user):
    return (TOKENS / user).read_text()


def keep_token(user, value):
    path = TOKENS / user
    path.touch(mode=0o600)
    path.write_text(value)


def keep_secret(*values):
    """Remembers what must be in no log."""
    remember("secrets", values)


def keep_sealed(*values):
    """Remembers what must be in no log of a server's; clients print addresses that have it."""
    remember("sealed", values)


def keep_stored(folder):
    """Remembers what a client has stored: JSON, in which a member's name tells what it is, or one value in a file."""
    names = {"access_token", "refresh_token", "client_secret", "code_verifier", "codeVerifier"}
    for path in Path(folder).rglob("*"):
        if path.suffix == ".txt":
            keep_secret(path.read_text().strip())
        elif path.suffix == ".json":
            waiting = [json.loads(path.read_text())]
            for value in waiting:
                if isinstance(value, dict):
                    keep_secret(*(one for name, one in value.items() if name in names and isinstance(one, str)))
                    waiting += value.values()
                elif isinstance(value, list):
                    waiting += value


def remember(name, values):
    with open(TOKENS / name, "a") as file:
        file.writelines(f"{value}\n" for value in values if value)
