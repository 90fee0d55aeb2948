"""What the run script has set up: where the servers are, and who has signed in."""

import os
from pathlib import Path

MCP_URL = os.environ["MCP_URL"]
EMULATOR_HTTP = os.environ["EMULATOR_HTTP"]
EMULATOR_HTTPS = os.environ["EMULATOR_HTTPS"]
EMULATOR_CA = os.environ["EMULATOR_CA"]
TENANT_ID = os.environ["TENANT_ID"]
API_CLIENT_ID = os.environ["API_CLIENT_ID"]
API_CLIENT_SECRET = os.environ["API_CLIENT_SECRET"]
CLIENT_ID = os.environ["CLIENT_ID"]
TOKENS = Path(os.environ["TOKENS"])


def token(user):
    return (TOKENS / user).read_text()


def keep_token(user, value):
    path = TOKENS / user
    path.touch(mode=0o600)
    path.write_text(value)
