"""The emulator's control plane: reads and resets its counters, sets its tokens' lives, and orders a token."""

import json
import sys
import urllib.request

from observe import observe
from scene import EMULATOR_HTTP


def control(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"{EMULATOR_HTTP}/_emulator/{path}", data, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.loads(response.read() or "null")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["reset"]:
            control("counters/reset", {})
        case ["counters", client]:
            counters = control("counters")
            observe(client, "exchanges", counters["obo_by_user"])
            observe(client, "calls of Graph", counters["graph_messages"])
        case ["sign-ins", client]:
            counters = control("counters")
            observe(client, "sign-ins", {name: counters[name] for name in ("authorize", "code", "refresh")})
            observe(client, "exchanges", counters["obo_by_user"])
        case ["lifetime", user, seconds]:
            control("lifetimes", {"place": "sign_in", "user": user, "lifetime": {"seconds": int(seconds)}})
        case _:
            sys.exit("usage: emulator.py reset | counters CLIENT | sign-ins CLIENT | lifetime USER SECONDS")
