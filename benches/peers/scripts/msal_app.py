"""MSAL for Python over a stub transport: the app, and how its cache is filled and read."""

import json
import time
import urllib.parse

import msal

from entra import AUTHORITY, CLIENT, SCOPE, answer, assertion, configuration


class Response:
    status_code = 200
    headers = {}

    def __init__(self, body):
        self.text = json.dumps(body)

    def raise_for_status(self):
        pass


class Stub:
    """MSAL's `http_client`: it answers after a delay, at once without one, and counts token requests."""

    def __init__(self, delay=0):
        self.delay, self.requests = delay, []

    def get(self, *_, **__):
        return Response(configuration())

    def post(self, _url, data=None, **_):
        # Appending is one step, also for threads.
        self.requests.append(None)
        if self.delay:
            time.sleep(self.delay)
        given = data["assertion"] if isinstance(data, dict) else urllib.parse.parse_qs(data)["assertion"][0]
        given = given.decode() if isinstance(given, bytes) else given
        return Response(answer(int(given.split("_")[0].removeprefix("assertion-"))))

    def close(self):
        pass


def make(stub):
    app = msal.ConfidentialClientApplication(
        CLIENT, client_credential="secret", authority=AUTHORITY, instance_discovery=False, http_client=stub
    )
    return app


def exchange(app, number):
    result = app.acquire_token_on_behalf_of(user_assertion=assertion(number), scopes=[SCOPE])
    assert "access_token" in result, result
    return result
