"""MSAL for Python as the middle tier: exchanges users' tokens over https, and reports a policy that asks for MFA."""

import msal

from observe import observe
from scene import API_CLIENT_ID, API_CLIENT_SECRET, EMULATOR_CA, EMULATOR_HTTPS, TENANT_ID, token

NAME = "msal for Python"
SCOPES = ["https://graph.microsoft.com/.default"]


def main():
    app = msal.ConfidentialClientApplication(
        API_CLIENT_ID,
        client_credential=API_CLIENT_SECRET,
        authority=f"{EMULATOR_HTTPS}/{TENANT_ID}",
        # Else it asks login.microsoftonline.com whether it knows this host.
        instance_discovery=False,
        verify=EMULATOR_CA,
    )
    for user in ("alice", "mfa", "mfa2"):
        answer = app.acquire_token_on_behalf_of(user_assertion=token(user), scopes=SCOPES)
        saw = {name: answer.get(name) for name in ("token_type", "scope", "error", "suberror", "claims")}
        observe(NAME, f"exchange, {user}", {"granted": "access_token" in answer, **saw})


if __name__ == "__main__":
    main()
