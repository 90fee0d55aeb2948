"""What a cached exchange costs in the Microsoft libraries, by the number of users cached; and how many a stampede sends."""

import json
import subprocess

from place import ENVIRONMENT, HERE, NODE, PYTHON, SCRIPTS, node_package, python_version
from scale import people

STUB = "filled through the library's own exchange over a stub transport"
PORTIONS = "by apps of 20 users, whose serialised caches one app reads: filling one takes time by the square of its users"
MEMORY = "after a collection; tokens of 1,800 bytes, with ID and refresh tokens as Entra sends them"
SILENT = "acquire_token_silent, because acquire_token_on_behalf_of never reads the cache; the caller keeps accounts"
ANSWERED = "acquire_token_silent, asked for exactly the scopes that Entra answered: only so it finds tokens by key"
THREADS = "one thread each: acquire_token_silent, then acquire_token_on_behalf_of; the stub answers after 100 ms"


def cached_calls(sheet, scale):
    node = node_package("@azure/msal-node")
    python = f"msal (Python) {python_version('msal')}"
    engine = f"Node {subprocess.check_output([NODE, '--version'], text=True).strip()}"
    for named, users in scale.cached.items():
        what = f"cached OBO call, {people(named)}"
        arguments = [users, scale.rounds, scale.round_ms]
        seen = run(NODE, "--expose-gc", "--max-old-space-size=6144", SCRIPTS / "msal_cache.mjs", *arguments)
        sheet.row(what, node, seen["ms"] * 1e6, "ns", f"acquireTokenOnBehalfOf, {engine}; {STUB} {PORTIONS}")
        sheet.row(f"{what}, RSS", node, seen["rss_mb"], "MB", MEMORY)
        seen = run(PYTHON, HERE / "msal_cache.py", *arguments)
        sheet.row(what, python, seen["documented"] * 1e6, "ns", f"{SILENT}; {STUB}")
        sheet.row(f"{what}, RSS", python, seen["rss_mb"], "MB", MEMORY)
        sheet.row(what, f"{python}, answered scopes", seen["granted"] * 1e6, "ns", ANSWERED)


def stampedes(sheet, scale):
    node = node_package("@azure/msal-node")
    python = f"msal (Python) {python_version('msal')}"
    for named, callers in scale.callers.items():
        what = f"stampede of {named:,}, token requests"
        seen = run(NODE, SCRIPTS / "msal_stampede.mjs", callers)
        sheet.row(what, node, seen["requests"], "calls", "acquireTokenOnBehalfOf; the stub answers after 100 ms")
        try:
            seen = run(PYTHON, HERE / "msal_stampede.py", callers)
        except subprocess.CalledProcessError as error:
            # Some systems allow fewer threads.
            sheet.absent(what, python, "calls", f"{callers:,} threads could not be run: exit {error.returncode}")
        else:
            sheet.row(what, python, seen["requests"], "calls", THREADS)


def run(*command):
    command = [str(part) for part in command]
    output = subprocess.run(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True, check=True).stdout
    return json.loads(output)
