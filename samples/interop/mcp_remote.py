"""mcp-remote, between a client that knows only stdio and the server: from nothing but the server's address."""

import asyncio
import os

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from browser import visits
from observe import observe
from python_mcp import call
from scene import MCP_URL, keep_stored
from server import free_port

NAME = "mcp-remote"


async def main():
    arguments = [os.environ["MCP_REMOTE"], MCP_URL, str(free_port()), "--allow-http", "--transport", "http-only"]
    remote = StdioServerParameters(command=os.environ["NODE"], args=arguments, env=dict(os.environ))
    async with stdio_client(remote) as streams, ClientSession(*streams) as session:
        await session.initialize()
        await call(NAME, "from the URL alone", session)
    observe(NAME, "in the browser", {"visits": visits(awaited=1)})
    keep_stored(os.environ["MCP_REMOTE_CONFIG_DIR"])


if __name__ == "__main__":
    asyncio.run(main())
