"""Signs test users in as an MCP client would: from the server's 401 to a token, by authorization code and PKCE.

Standard library only, so that what is proved here is the protocol and not a client's leniency.
"""

import base64
import hashlib
import json
import re
import secrets
import sys
import urllib.error
import urllib.parse
import urllib.request

from emulator import control
from observe import observe
from scene import CLIENT_ID, MCP_URL, keep_token

NAME = "sign-in by hand"
# Registered for the public client; nothing listens there, the code is read from the redirect itself.
REDIRECT_URI = "http://localhost:8400/callback"


class StayHere(urllib.request.HTTPRedirectHandler):
    """Follows no redirect, because the answer is in its Location."""

    def redirect_request(self, *_):
        return None


DIRECT = urllib.request.build_opener(StayHere)


def send(url, form=None):
    data = None if form is None else urllib.parse.urlencode(form).encode()
    try:
        with DIRECT.open(urllib.request.Request(url, data), timeout=30) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def document(url):
    status, _, body = send(url)
    if status != 200:
        raise SystemExit(f"{url}: {status}")
    return json.loads(body)


def discover():
    """Goes from the bare 401 to the authorization server (RFC 9728 section 5, RFC 8414 section 3)."""
    status, headers, _ = send(MCP_URL, {})
    challenge = headers.get("WWW-Authenticate", "")
    found = re.search(r'resource_metadata="([^"]+)"', challenge)
    resource = document(found[1]) if found else {}
    observe(NAME, "challenge", {"status": status, "resource": resource.get("resource"), "url": MCP_URL})
    issuer = resource["authorization_servers"][0]
    server = document(f"{issuer}/.well-known/openid-configuration")
    observe(NAME, "discovery", {"issuer": server["issuer"], "named": issuer})
    return server, " ".join(resource["scopes_supported"])


def authorize(server, scope, user):
    """Returns the user's access token (RFC 6749 section 4.1, RFC 7636)."""
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "client_id": CLIENT_ID,
        "response_type": "code",
        "redirect_uri": REDIRECT_URI,
        "scope": scope,
        "state": state,
        "login_hint": user,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    _, headers, _ = send(f"{server['authorization_endpoint']}?{urllib.parse.urlencode(query)}")
    answer = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(headers.get("Location", "")).query))
    if answer.get("state") != state or "code" not in answer:
        raise SystemExit(f"no code for {user}: {answer.get('error')}")
    form = {
        "grant_type": "authorization_code",
        "client_id": CLIENT_ID,
        "redirect_uri": REDIRECT_URI,
        "scope": scope,
        "code": answer["code"],
        "code_verifier": verifier,
    }
    status, _, body = send(server["token_endpoint"], form)
    answer = json.loads(body)
    observe(NAME, f"code and PKCE, {user}", {"status": status, "type": answer.get("token_type"), "error": answer.get("error")})
    return answer["access_token"]


def main(users):
    server, scope = discover()
    for user in users:
        keep_token(user, authorize(server, scope, user))
    # Made to order, to compare with what the flow yields.
    for user in ("bob", "norole"):
        keep_token(user, control("token", {"user": user})["access_token"])


if __name__ == "__main__":
    main(sys.argv[1:])
