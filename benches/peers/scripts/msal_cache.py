"""MSAL for Python: what a cached call costs beside so many users. Prints one JSON line.

`acquire_token_on_behalf_of` asks Entra each time, so a server keeps each user's account and calls
`acquire_token_silent`, as the documentation has it for a cache of one's own.
"""

import gc
import json
import random
import statistics
import sys
import time

from entra import SCOPE, answer, oid
from memory import resident_mb
from msal_app import Stub, exchange, make


def main(users, rounds, round_ms):
    stub = Stub()
    app = make(stub)
    for number in range(users):
        granted = exchange(app, number)["scope"].split()
    accounts = {account["home_account_id"].split(".")[0]: account for account in app.get_accounts()}
    assert len(accounts) == users == len(stub.requests)
    gc.collect()
    rss = resident_mb()

    def median_ms(scopes):
        def call():
            number = random.randrange(users)
            result = app.acquire_token_silent(scopes, account=accounts[oid(number)])
            return number, result["access_token"]

        number, token = call()
        assert token == answer(number)["access_token"]
        return median_of(call, rounds, round_ms)

    figures = {"documented": median_ms([SCOPE]), "granted": median_ms(granted), "rss_mb": rss}
    assert len(stub.requests) == users, "a call that should have been cached asked Entra"
    print(json.dumps(figures))


def median_of(call, rounds, round_ms):
    """Milliseconds of one call: the median of rounds that last about so long, each at least one call."""
    begun = time.perf_counter()
    call()
    # The first call may be slow, and what is measured is the warm one.
    times = max(1, int(round_ms / max((time.perf_counter() - begun) * 1e3, 1e-3)))
    results = []
    for _ in range(rounds):
        begun = time.perf_counter()
        for _ in range(times):
            call()
        results.append((time.perf_counter() - begun) * 1e3 / times)
    return statistics.median(results)


if __name__ == "__main__":
    random.seed(7)
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
