"""A Starlette app with one route, bare or behind FastMCP's JWTVerifier; the argument says which."""

import sys

from serving import serve
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route


async def hello(_request):
    return PlainTextResponse("hello")


def bare():
    return Starlette(routes=[Route("/hello", hello)])


def checked():
    """As FastMCP stands before its own endpoint: the verifier's middleware, and one that insists on a caller."""
    import verifier
    from fastmcp.server.auth.middleware import RequireAuthMiddleware

    async def endpoint(scope, receive, send):
        await (await hello(Request(scope)))(scope, receive, send)

    route = Route("/hello", endpoint=RequireAuthMiddleware(endpoint, verifier.SCOPES))
    return Starlette(routes=[route], middleware=verifier.make().get_middleware())


if __name__ == "__main__":
    serve({"none": bare, "fastmcp": checked}[sys.argv[1]]())
