"""Signs test users in as an MCP client would, by hand, so that what is proved here is the protocol."""

import sys

from browser import Browser
from emulator import control
from oauth import Client
from observe import observe
from scene import MCP_URL, keep_token

NAME = "sign-in by hand"


def main(users):
    client = Client(MCP_URL)
    client.discover()
    found = {"status": client.challenge.status, "resource": client.resource.get("resource"), "url": MCP_URL}
    observe(NAME, "challenge", {**found, "asks": client.asked_scope, "supported": client.resource.get("scopes_supported")})
    observe(NAME, "discovery", {"issuer": client.server["issuer"], "named": client.issuer})
    client.register()
    for user in users:
        back, _ = Browser(user).open(client.authorization_url())
        answer = client.redeem(back)
        found = {"status": answer.status, "type": client.tokens.get("token_type"), "error": client.tokens.get("error")}
        observe(NAME, f"code and PKCE, {user}", found)
        keep_token(user, client.tokens["access_token"])
    # Made to order, to compare with what the flow yields.
    for user in ("bob", "norole"):
        keep_token(user, control("token", {"user": user})["access_token"])


if __name__ == "__main__":
    main(sys.argv[1:])
