"""HTTP as programs of one's own speak it here: no redirect is followed, and every request has a connection of its own."""

import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from email.message import Message

from scene import EMULATOR_CA


@dataclass
class Answer:
    status: int
    headers: Message
    body: bytes

    def json(self):
        return json.loads(self.body)

    def info(self):
        """The headers, for the cookie jar."""
        return self.headers

    def location(self):
        """Where a browser goes next, if anywhere."""
        return self.headers.get("Location") if self.status in {301, 302, 303, 307, 308} else None


class StayHere(urllib.request.HTTPRedirectHandler):
    """Follows no redirect, because who follows wants to see each hop."""

    def redirect_request(self, *_):
        return None


# The one authority that anybody here has a certificate of.
TLS = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=EMULATOR_CA))
DIRECT = urllib.request.build_opener(StayHere, urllib.request.ProxyHandler({}), TLS)


class Wire:
    """Sends requests; `before` is called with the address of each, ahead of it."""

    def __init__(self, before=lambda url: None):
        self.before = before

    def send(self, request):
        self.before(request.full_url)
        try:
            with DIRECT.open(request, timeout=30) as response:
                return Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())

    def get(self, url):
        return self.send(urllib.request.Request(url))

    def post(self, url, form):
        return self.send(urllib.request.Request(url, urllib.parse.urlencode(form).encode()))

    def post_json(self, url, value, headers=()):
        headers = {"Content-Type": "application/json", **dict(headers)}
        return self.send(urllib.request.Request(url, json.dumps(value).encode(), headers))


def query_of(url):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
