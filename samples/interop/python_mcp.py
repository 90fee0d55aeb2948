"""The MCP SDK for Python, in one era: lists the tools, calls getMessages, and knocks without a token."""

import asyncio
import sys
from contextlib import asynccontextmanager

import httpx2
from mcp import Client, ClientSession, MCPError
from mcp.client.streamable_http import streamable_http_client

from observe import observe
from scene import MCP_URL, token


@asynccontextmanager
async def legacy(http):
    async with streamable_http_client(MCP_URL, http_client=http) as streams, ClientSession(*streams) as session:
        yield session, (await session.initialize()).protocol_version


@asynccontextmanager
async def modern(http):
    async with Client(streamable_http_client(MCP_URL, http_client=http)) as client:
        yield client, client.protocol_version


CONNECT = {"legacy": legacy, "modern": modern}


async def call(name, step, client):
    result = await client.call_tool("getMessages", {"top": 2})
    observe(name, step, {"isError": result.is_error, "structured": result.structured_content})


async def visit(name, connect):
    async with signed_in("alice") as http, connect(http) as (client, version):
        observe(name, "connect", version)
        observe(name, "list tools", [tool.name for tool in (await client.list_tools()).tools])
        await call(name, "call getMessages", client)


async def visit_as(user, name, step, connect):
    async with signed_in(user) as http, connect(http) as (client, _):
        # Listed first, so that the SDK holds the answer against the tool's output schema.
        await client.list_tools()
        await call(name, step, client)


async def knock(name, connect):
    """Comes without a token; the SDK hides the status, so it is taken from the responses themselves."""
    statuses = []

    async def note(response):
        statuses.append(response.status_code)

    try:
        async with httpx2.AsyncClient(event_hooks={"response": [note]}) as http, connect(http):
            pass
    except* MCPError:
        pass
    observe(name, "no token", statuses)


def signed_in(user):
    return httpx2.AsyncClient(headers={"Authorization": f"Bearer {token(user)}"})


async def main(era):
    name, connect = f"Python SDK, {era}", CONNECT[era]
    await knock(name, connect)
    await visit(name, connect)
    await visit_as("bob", name, "call, minted token", connect)
    await visit_as("norole", name, "call without the role", connect)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
