"""An MCP client by hand: from the bare 401 to a session, by the specifications alone and without any client's leniency."""

import base64
import hashlib
import re
import secrets
import urllib.parse

from scene import keep_sealed, keep_secret
from wire import Wire, query_of

# Nobody listens there: the answer is in the address at which the browser ends.
REDIRECT_URI = "http://localhost:8400/callback"
METADATA = {"client_name": "By hand", "redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "none"}


def random():
    value = secrets.token_urlsafe(48)
    keep_secret(value)
    return value


class Client:
    def __init__(self, url, wire=None):
        self.url, self.wire = url, wire or Wire()

    def document(self, url):
        answer = self.wire.get(url)
        if answer.status != 200:
            raise SystemExit(f"{url}: {answer.status}")
        return answer.json()

    def discover(self):
        """Goes from the bare 401 to the authorization server (RFC 9728 section 5, RFC 8414 section 3)."""
        self.challenge = self.wire.post(self.url, {})
        parameters = dict(re.findall(r'(\w+)="([^"]*)"', self.challenge.headers.get("WWW-Authenticate", "")))
        self.asked_scope = parameters.get("scope")
        self.resource = self.document(parameters["resource_metadata"])
        self.issuer = self.resource["authorization_servers"][0]
        self.server = self.document(f"{self.issuer}/.well-known/oauth-authorization-server")

    def register(self, **metadata):
        """RFC 7591 section 3."""
        registered = self.wire.post_json(self.server["registration_endpoint"], {**METADATA, **metadata})
        if registered.status != 201:
            raise SystemExit(f"not registered: {registered.status}")
        self.id = registered.json()["client_id"]
        keep_sealed(self.id)

    def authorization_url(self):
        """RFC 6749 section 4.1.1, RFC 7636 section 4.3, RFC 8707 section 2.1."""
        self.verifier, self.state = random(), random()
        digest = hashlib.sha256(self.verifier.encode()).digest()
        query = {
            "client_id": self.id,
            "response_type": "code",
            "redirect_uri": REDIRECT_URI,
            "scope": " ".join(self.resource["scopes_supported"]),
            "state": self.state,
            "resource": self.resource["resource"],
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{self.server['authorization_endpoint']}?{urllib.parse.urlencode(query)}"

    def redeem(self, back):
        """Takes the address at which the browser ended (RFC 6749 section 4.1.3, RFC 9207 section 2.4)."""
        answer = query_of(back)
        if answer.get("state") != self.state or answer.get("iss") != self.issuer or "code" not in answer:
            raise SystemExit(f"no code: {answer.get('error')}")
        form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT_URI, "code_verifier": self.verifier}
        return self.token({**form, "code": answer["code"]})

    def refresh(self):
        """RFC 6749 section 6."""
        return self.token({"grant_type": "refresh_token", "refresh_token": self.tokens["refresh_token"]})

    def token(self, form):
        form = {**form, "client_id": self.id, "resource": self.resource["resource"]}
        answer = self.wire.post(self.server["token_endpoint"], form)
        self.tokens = answer.json()
        keep_secret(*(self.tokens.get(name) for name in ("access_token", "refresh_token")))
        return answer

    def call(self):
        """Calls the tool as a client of 2025-11-25 may, without a session; returns the result."""
        parameters = {"name": "getMessages", "arguments": {"top": 2}}
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": parameters}
        headers = {
            "Authorization": f"Bearer {self.tokens['access_token']}",
            "Accept": "application/json, text/event-stream",
        }
        result = self.wire.post_json(self.url, message, headers).json()["result"]
        return {"isError": result.get("isError", False), "structured": result.get("structuredContent")}
