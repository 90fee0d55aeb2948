"""What Entra would answer to an exchange, as a stub transport answers it at once.

Both libraries ask for `openid profile offline_access` beside the scope, so Entra sends an ID token and a refresh token
too. The parts are as long as Entra's; nobody checks their signatures on this way.
"""

import base64
import json

TENANT = "7f3c2a10-0000-4000-8000-000000000000"
CLIENT = "5d1e8b20-0000-4000-8000-000000000000"
AUTHORITY = f"https://login.microsoftonline.com/{TENANT}"
# A scope by its name: both libraries look for tokens by the scopes that Entra answered, where `.default` may be missing.
SCOPE = "https://graph.microsoft.com/ServiceMessage.Read.All"
# Entra names all of the resource's scopes that the user agreed to.
GRANTED = f"email openid profile {SCOPE} https://graph.microsoft.com/User.Read"


def encoded(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def filled(text, length):
    """Lengthens a text by what no other user has."""
    return (text + "_" + base64.urlsafe_b64encode((text * (length // len(text) + 1)).encode()).decode())[:length]


def oid(number):
    return f"c3c3c3c3-0000-4000-8000-{number:012x}"


def assertion(number):
    return filled(f"assertion-{number}", 1_750)


def answer(number):
    claims = {
        "aud": CLIENT, "iss": f"{AUTHORITY}/v2.0", "exp": 4_102_444_800, "oid": oid(number), "sub": filled(f"s{number}", 43),
        "tid": TENANT, "name": f"Reader {number}", "preferred_username": f"reader-{number}@contoso.example", "ver": "2.0",
    }
    return {
        "token_type": "Bearer", "scope": GRANTED, "expires_in": 4_500, "ext_expires_in": 4_500,
        "access_token": filled(f"access-{number}", 1_800), "refresh_token": filled(f"refresh-{number}", 1_200),
        "id_token": f"{encoded({'alg': 'RS256', 'typ': 'JWT'})}.{encoded(claims)}.{filled(f'signature-{number}', 342)}",
        "client_info": encoded({"uid": oid(number), "utid": TENANT}),
    }  # fmt: skip


def configuration():
    return {
        "token_endpoint": f"{AUTHORITY}/oauth2/v2.0/token",
        "authorization_endpoint": f"{AUTHORITY}/oauth2/v2.0/authorize",
        "issuer": f"{AUTHORITY}/v2.0",
        "jwks_uri": f"{AUTHORITY}/discovery/v2.0/keys",
    }
