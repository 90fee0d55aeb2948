"""The load generator of this workspace, and what it tells."""

import json
import subprocess
from dataclasses import dataclass

from place import ENVIRONMENT, OTHERS, PROGRAMS, pinned

CONNECTIONS = 16


@dataclass
class Load:
    """Whom to ask, and how."""

    url: str
    tokens: str | None = None
    body: str | None = None
    headers: tuple = ()
    expect: str | None = None
    pids: tuple = ()

    def pace(self, seconds, requests=None):
        """Chooses how long a round lasts: that many seconds, longer for a server that answers few requests in them; or,
        in a smoke run, a few requests. Warms the server up, too."""
        self.limit = ("--requests", requests or 4 * CONNECTIONS)
        first = self.round()
        if not requests:
            seconds = max(seconds, first["seconds"])
            self.limit = ("--seconds", seconds, "--warm", seconds / 8)
            self.round()

    def round(self):
        return self._run("--connections", CONNECTIONS, *self.limit)

    def once_each(self, requests):
        """One request with each token, few at a time."""
        return self._run("--connections", min(4, requests), "--requests", requests)

    def _run(self, *arguments):
        command = [PROGRAMS / "load", "--url", self.url, *arguments]
        for name, value in (("--tokens", self.tokens), ("--body", self.body), ("--expect", self.expect)):
            command += [name, value] if value else []
        for header in self.headers:
            command += ["--header", header]
        for pid in self.pids:
            command += ["--pid", pid]
        command = pinned(OTHERS, [str(part) for part in command])
        output = subprocess.run(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True, check=True).stdout
        outcome = json.loads(output)
        if outcome["errors"] or not outcome["requests"]:
            raise RuntimeError(f"{self.url}: {outcome['errors']} errors of {outcome['requests']}: {outcome['first_error']}")
        return outcome


def median_of(outcomes, name):
    values = sorted(outcome[name] for outcome in outcomes)
    return values[len(values) // 2]


def process(outcomes, place, name):
    """The median of what one of the watched processes used."""
    values = sorted(outcome["processes"][place][name] for outcome in outcomes)
    return values[len(values) // 2]
