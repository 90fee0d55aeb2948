"""The emulator of Entra and Graph, and the tokens that it mints."""

import json
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from place import OTHERS, PROGRAMS, WORK
from service import Service


class Emulator(Service):
    def __init__(self):
        self.ca = WORK / "ca.pem"
        super().__init__("emulator", [PROGRAMS / "entra-emulator", "--ca-out", self.ca], OTHERS)

    def __enter__(self):
        super().__enter__()
        lines = self.lines("ready")
        said = {line[0]: line for line in lines}
        self.http, https = said["http"][1], said["https"][1]
        self.tenant, self.client, self.secret = said["tenant"][1], said["api"][2], said["api"][-1]
        # What the servers are told.
        self.told = {
            "EMULATOR_HTTP": self.http, "EMULATOR_HTTPS": https, "TENANT_ID": self.tenant, "API_CLIENT_ID": self.client,
            "API_CLIENT_SECRET": self.secret, "NODE_EXTRA_CA_CERTS": str(self.ca), "NODE_ENV": "production",
        }  # fmt: skip
        return self

    def __exit__(self, *details):
        super().__exit__(*details)
        for tokens in WORK.glob("tokens-*"):
            tokens.unlink()

    def token(self, number):
        """A token for the API of one of the crowd, which lasts longer than the run."""
        spec = {"user": f"reader-{number}", "expires_in": 6 * 3600}
        data = json.dumps(spec).encode()
        request = urllib.request.Request(f"{self.http}/_emulator/token", data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)["access_token"]

    def tokens(self, number):
        """A file of tokens, one a line, each of another user."""
        path = WORK / f"tokens-{number}"
        path.touch(mode=0o600)
        with ThreadPoolExecutor(4) as pool:
            path.write_text("".join(f"{token}\n" for token in pool.map(self.token, range(number))))
        return path

    def counters(self):
        with urllib.request.urlopen(f"{self.http}/_emulator/counters", timeout=30) as response:
            return json.load(response)
