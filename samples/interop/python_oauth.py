"""The MCP SDK for Python, signing in: from nothing but the server's address, through a challenge for MFA, over refreshes.

The SDK is as it comes; what is here is what every application brings: memory, a listener on loopback, a browser to open.
"""

import asyncio
import json
import os
import sys
import urllib.parse

import httpx2
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.shared.auth import OAuthClientMetadata

from browser import visits
from observe import observe
from python_mcp import CONNECT, call
from scene import MCP_URL, keep_secret

ERA, SCENE, NAME = sys.argv[1:]


class Memory:
    """Implements the SDK's `TokenStorage`, for as long as this process lives."""

    tokens = client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


class Listener:
    """Waits on loopback for the browser to come back (RFC 8252 section 7.3)."""

    async def __aenter__(self):
        self.came = asyncio.Queue()
        self.server = await asyncio.start_server(self.hear, "127.0.0.1", 0)
        self.uri = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}/callback"
        return self

    async def __aexit__(self, *_):
        self.server.close()

    async def hear(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nDone")
        await writer.drain()
        writer.close()
        query = urllib.parse.urlsplit(head.split(" ")[1]).query
        await self.came.put(dict(urllib.parse.parse_qsl(query)))

    async def open(self, url):
        self.browser = await asyncio.create_subprocess_exec(os.environ["BROWSER"], url)

    async def answer(self):
        query = await self.came.get()
        # So that it has written down what happened.
        await self.browser.wait()
        return AuthorizationCodeResult(code=query["code"], state=query.get("state"), iss=query.get("iss"))


class Noted:
    """What the SDK asked of the server: token requests by grant, and refusals of the resource."""

    def __init__(self):
        self.grants, self.refusals = [], []

    async def request(self, request):
        if request.url.path == "/token":
            form = dict(urllib.parse.parse_qsl((await request.aread()).decode()))
            self.grants.append(form["grant_type"])
            keep_secret(*(form.get(name) for name in ("code_verifier", "client_secret")))

    async def response(self, response):
        if response.request.url.path == "/token":
            tokens = json.loads(await response.aread())
            keep_secret(*(tokens.get(name) for name in ("access_token", "refresh_token")))
        elif response.request.url.path == "/mcp" and response.status_code in {401, 403}:
            self.refusals.append(response.status_code)


async def alone(client, noted):
    """The address alone is enough."""
    await call(NAME, "from the URL alone", client)
    observe(NAME, "in the browser", {"visits": visits(), "refusals": noted.refusals, "grants": noted.grants})


async def mfa(client, noted):
    """One call; whatever it takes is between the SDK, the server and the browser. Then another, which takes nothing."""
    await call(NAME, "call behind MFA", client)
    observe(NAME, "step-up", {"visits": visits(), "refusals": noted.refusals, "grants": noted.grants})
    await call(NAME, "call again", client)
    observe(NAME, "needs nothing", {"visits": len(visits()), "refusals": noted.refusals, "grants": noted.grants})


async def refresh(client, noted):
    """The SDK keeps the time by itself: what has run out is refreshed before the next request."""
    await call(NAME, "call", client)
    for number in ("first", "second"):
        await asyncio.sleep(float(os.environ["TOKEN_LIFE"]) + 1)
        await call(NAME, f"call, {number} refresh", client)
    observe(NAME, "grants", {"visits": len(visits()), "refusals": noted.refusals, "grants": noted.grants})


async def main():
    noted = Noted()
    async with Listener() as listener:
        metadata = OAuthClientMetadata(
            client_name="Interop", redirect_uris=[listener.uri], token_endpoint_auth_method="none"
        )
        provider = OAuthClientProvider(MCP_URL, metadata, Memory(), listener.open, listener.answer)
        hooks = {"request": [noted.request], "response": [noted.response]}
        async with (
            httpx2.AsyncClient(auth=provider, event_hooks=hooks, timeout=60) as http,
            CONNECT[ERA](http) as (client, _),
        ):
            await {"alone": alone, "mfa": mfa, "refresh": refresh}[SCENE](client, noted)


if __name__ == "__main__":
    asyncio.run(main())
