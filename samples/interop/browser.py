#!/usr/bin/env python3
"""A person's browser: opens the address that a client wants opened, agrees to what the pages ask, and signs in.

As faithful as it takes: cookies and redirects as browsers have them, Fetch Metadata, and only what a page's own form says.
It runs no script and looks at no style; the pages must work without.

PERSON is who signs in and READING how many seconds it takes to read a page; what happened goes to BROWSER_LOG, without a
value of any request.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from email.message import Message
from html.parser import HTMLParser
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path

from scene import API_CLIENT_ID, EMULATOR_HTTP, EMULATOR_HTTPS, keep_sealed, keep_secret
from wire import Answer, Wire, query_of

TENANT = (EMULATOR_HTTP, EMULATOR_HTTPS)
APPROVE = {"answer": "approve"}
NOWHERE = Answer(0, Message(), b"")


class Form(HTMLParser):
    """The form of a page, and what its hidden fields say."""

    def __init__(self, html):
        super().__init__()
        self.action, self.fields, self.buttons = None, {}, []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.action = attributes["action"]
        elif tag == "input" and attributes.get("type") == "hidden":
            self.fields[attributes["name"]] = attributes["value"]
        elif tag == "button":
            self.buttons.append({attributes.get("name"): attributes.get("value")})


@dataclass
class Visit:
    """What happened from the first address to the page where the browser stayed."""

    asked: int = 0
    signed_in: int = 0
    stepped_up: int = 0
    status: int = 0
    hops: list = field(default_factory=list)


def origin(url):
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


class Browser:
    def __init__(self, person, wire=None):
        self.person, self.wire = person, wire or Wire()
        self.cookies = CookieJar(DefaultCookiePolicy(rfc2965=False, hide_cookie2=True))

    def open(self, url):
        """Follows an address to where it ends; the person agrees to what a page asks."""
        visit = Visit()
        url, page = self.follow(urllib.request.Request(url), visit, None)
        while page.status == 200 and b"<form" in page.body:
            form = Form(page.body.decode())
            if APPROVE not in form.buttons:
                raise SystemExit("the page asks something else")
            visit.asked += 1
            time.sleep(float(os.environ.get("READING", "0")))
            keep_secret(*form.fields.values())
            body = urllib.parse.urlencode({**form.fields, **APPROVE}).encode()
            # The page sends no referrer, so the origin is not said either (Fetch, "append a request Origin header").
            sent = urllib.request.Request(urllib.parse.urljoin(url, form.action), body, {"Origin": "null"})
            url, page = self.follow(sent, visit, url)
        visit.status = page.status
        return url, visit

    def follow(self, request, visit, initiator):
        """Goes on while it is sent on; after a form's answer by GET, without the form."""
        site = "none" if initiator is None else "same-origin"
        for _ in range(10):
            url = request.full_url
            site = further(site, initiator, url)
            answer = self.ask(request, site)
            visit.hops.append(urllib.parse.urlsplit(url).path)
            self.note(url, visit)
            location = answer.location()
            if location is None:
                return url, answer
            request = urllib.request.Request(self.at_the_tenant(urllib.parse.urljoin(url, location)))
        raise SystemExit("sent round in a circle")

    def ask(self, request, site):
        for name, value in {"Mode": "navigate", "Dest": "document", "Site": site}.items():
            request.add_header(f"Sec-Fetch-{name}", value)
        self.cookies.add_cookie_header(request)
        try:
            answer = self.wire.send(request)
        except urllib.error.URLError:
            # Nobody listens. The address is there all the same, and may be what was wanted.
            return NOWHERE
        self.cookies.extract_cookies(answer, request)
        keep_secret(*(cookie.value for cookie in self.cookies if cookie.value))
        return answer

    def at_the_tenant(self, url):
        """Says who one is, where the page would ask: the emulator's has no field for it, only the address."""
        if url.startswith(TENANT) and "login_hint" not in query_of(url):
            url += f"&login_hint={self.person}"
        return url

    def note(self, url, visit):
        query = query_of(url)
        if url.startswith(TENANT):
            visit.signed_in += 1
            visit.stepped_up += "claims" in query
        else:
            keep_sealed(*(one for one in [query.get("client_id")] if one != API_CLIENT_ID))
        keep_secret(query.get("code", ""), *(one for one in query.get("scope", "").split() if one.startswith("stepup.")))


def further(site, initiator, url):
    """Fetch Metadata's `site` after one more hop: it never gets nearer again. On loopback a site is scheme and host."""
    if site in {"none", "cross-site"} or origin(initiator) == origin(url):
        return site
    return "same-site" if origin(initiator)[:2] == origin(url)[:2] else "cross-site"


def visits(awaited=0):
    """What happened in the browser so far, one entry for each time that it was opened; that many there must be soon."""
    log = Path(os.environ["BROWSER_LOG"])
    for _ in range(600):
        lines = log.read_text().splitlines() if log.exists() else []
        if len(lines) >= awaited:
            break
        time.sleep(0.1)
    return [json.loads(line) for line in lines]


def main(url):
    _, visit = Browser(os.environ["PERSON"]).open(url)
    with open(os.environ["BROWSER_LOG"], "a") as log:
        log.write(json.dumps(visit.__dict__) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
