"""`getMessages` as a competent Python server has it: FastMCP and MSAL, without sessions, answering JSON.

Argument: a file of tokens whose exchanges are in MSAL's cache before the server listens.

FastMCP's own dependency for On-Behalf-Of works only behind its OAuth proxy, whose clients hold tokens of the proxy's and not
Entra's; so here the tool asks MSAL.
"""

import asyncio
import hashlib
import os
import sys
from typing import Annotated

import httpx2
import msal
import verifier
from entra import SCOPE
from fastmcp import FastMCP
from fastmcp.server.dependencies import get_access_token
from fastmcp.tools.base import ToolResult
from pydantic import Field
from serving import serve

GRAPH = f"{verifier.EMULATOR}/v1.0"
MESSAGE = "https://admin.microsoft.com/#/MessageCenter/:/messages/"


class Exchange:
    """MSAL with what it takes to read its cache: each user's account, and the scopes that Entra answered."""

    def __init__(self):
        self.app = msal.ConfidentialClientApplication(
            verifier.CLIENT,
            client_credential=os.environ["API_CLIENT_SECRET"],
            authority=f"{os.environ['EMULATOR_HTTPS']}/{verifier.TENANT}",
            instance_discovery=False,
            verify=os.environ["NODE_EXTRA_CA_CERTS"],
        )
        self.known = {}

    def token(self, assertion):
        key = hashlib.sha256(assertion.encode()).digest()
        if key in self.known:
            account, scopes = self.known[key]
            answer = self.app.acquire_token_silent(scopes, account=account)
            if answer:
                return answer["access_token"]
        return self.ask(key, assertion)["access_token"]

    def ask(self, key, assertion):
        answer = self.app.acquire_token_on_behalf_of(user_assertion=assertion, scopes=[SCOPE])
        claims = answer["id_token_claims"]
        # As `get_accounts` has it, which would walk all accounts.
        account = {"home_account_id": f"{claims['oid']}.{claims['tid']}"}
        self.known[key] = (account, answer["scope"].split())
        return answer


EXCHANGE = Exchange()
HTTP = httpx2.AsyncClient(timeout=30)
MCP = FastMCP("message-center", auth=verifier.make())


@MCP.tool(name="getMessages", description="Reads the Microsoft 365 Message Center.")
async def get_messages(
    orderby: Annotated[str, Field(description="Order of the messages")] = "lastModifiedDateTime desc",
    count: Annotated[bool, Field(description="Whether to count all messages that match")] = True,
    prefer: Annotated[str, Field(description="Page size")] = "odata.maxpagesize=5",
    top: Annotated[int | None, Field(ge=0, description="At most so many messages")] = None,
    skip: Annotated[int | None, Field(ge=0, description="Leaves out so many messages")] = None,
    filter: Annotated[str | None, Field(description="Which messages, in OData")] = None,
) -> ToolResult:
    token = EXCHANGE.token(get_access_token().token)
    query = {"$orderby": orderby, "$count": "true" if count else "false", "$top": top, "$skip": skip, "$filter": filter}
    answer = await HTTP.get(
        f"{GRAPH}/admin/serviceAnnouncement/messages",
        params={name: value for name, value in query.items() if value is not None},
        headers={"Accept": "application/json", "Prefer": prefer, "Authorization": f"Bearer {token}"},
    )
    if answer.status_code != 200:
        return ToolResult(content=f"Graph answered {answer.status_code}", is_error=True)
    body = answer.json()
    for message in body["value"]:
        message["url"] = MESSAGE + message["id"]
    # Its text content is the same as JSON.
    return ToolResult(structured_content=body)


async def fill(path):
    """Two at a time: the emulator signs each answer."""
    gate = asyncio.Semaphore(2)

    async def one(token):
        async with gate:
            await asyncio.to_thread(EXCHANGE.token, token)

    with open(path) as tokens:
        await asyncio.gather(*(one(token.strip()) for token in tokens))


if __name__ == "__main__":
    asyncio.run(fill(sys.argv[1]))
    serve(MCP.http_app(path="/mcp", json_response=True, stateless_http=True))
