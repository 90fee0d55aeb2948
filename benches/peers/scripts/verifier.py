"""FastMCP's check of bearer tokens, with the emulator as the tenant."""

import os

from fastmcp.server.auth.providers.jwt import JWTVerifier

EMULATOR, TENANT, CLIENT = (os.environ[name] for name in ("EMULATOR_HTTP", "TENANT_ID", "API_CLIENT_ID"))
SCOPES = ["access_as_user"]


def make():
    return JWTVerifier(
        jwks_uri=f"{EMULATOR}/{TENANT}/discovery/v2.0/keys",
        issuer=f"{EMULATOR}/{TENANT}/v2.0",
        audience=[CLIENT, f"api://{CLIENT}"],
        algorithm="RS256",
        required_scopes=SCOPES,
    )
