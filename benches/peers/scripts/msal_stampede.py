"""MSAL for Python: so many threads want one user's token that nobody has yet. Prints how often Entra was asked."""

import json
import sys
import threading

from entra import SCOPE
from msal_app import Stub, exchange, make


def main(callers):
    stub = Stub(delay=0.1)
    app = make(stub)
    account = None
    start, failures = threading.Barrier(callers + 1), []

    def call():
        start.wait()
        try:
            # As a server does that keeps accounts: nobody has one yet.
            if not app.acquire_token_silent([SCOPE], account=account):
                exchange(app, 0)
        except Exception as error:
            failures.append(error)

    # They only wait, so a small stack is enough.
    threading.stack_size(256 * 1024)
    threads = [threading.Thread(target=call, daemon=True) for _ in range(callers)]
    for thread in threads:
        thread.start()
    start.wait()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    print(json.dumps({"requests": len(stub.requests)}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
