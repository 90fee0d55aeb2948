"""Ten thousand registrations, which must cost the server no memory.

It allows ten a minute to an address. So they come from many, which a trusted proxy names in `X-Forwarded-For`: ten from each,
as many as may come at once. What it remembers of an address is a counter, and part of what is measured.
"""

import http.client
import json
from concurrent.futures import ThreadPoolExecutor

from oauth import METADATA
from observe import observe
from server import Server

NAME = "registrations"
EACH = 10


def register(server, addresses, each=EACH):
    """Registers from each address, over one connection; returns what the server answered."""
    connection, body = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30), json.dumps(METADATA)
    statuses = []
    for address in addresses:
        for _ in range(each):
            headers = {"Content-Type": "application/json", "X-Forwarded-For": address}
            connection.request("POST", "/register", body, headers)
            with connection.getresponse() as answer:
                answer.read()
                statuses.append(answer.status)
    connection.close()
    return statuses


def spread(server, network, count):
    """Registers from so many addresses of a network, four at a time."""
    addresses = [f"10.{network}.{number // 250}.{number % 250}" for number in range(count)]
    with ThreadPoolExecutor(4) as pool:
        parts = pool.map(lambda part: register(server, addresses[part::4]), range(4))
        return [status for part in parts for status in part]


def main():
    # Not at trace, because what is measured is not the log.
    with Server("registrations", TRUSTED_PROXIES="127.0.0.1", RUST_LOG="warn") as server:
        # Threads, connections and the allocator's own first take their places.
        spread(server, 1, 100)
        before = server.kilobytes()
        statuses = spread(server, 2, 1_000)
        grown = server.kilobytes() - before
        observe(NAME, "10,000 of them", {"created": statuses.count(201), "before": before, "grown": grown})
        statuses = register(server, ["10.3.0.1"]) + register(server, ["10.3.0.1"], 1)
        observe(NAME, "one more than ten", {"created": statuses.count(201), "refused": statuses.count(429)})


if __name__ == "__main__":
    main()
