"""How much a run measures. A smoke run has the names of a full one and tiny sizes: its rows count, not its figures."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    # Each size by its name, and how many that is in this run.
    cached: dict[int, int]
    callers: dict[int, int]
    users: dict[int, int]
    # Rounds of the caches, how long one lasts, and those over HTTP likewise; a smoke round is so many requests instead,
    # enough for the kernel's clock of processor time to tick.
    rounds: int
    round_ms: float
    http_rounds: int
    hello_seconds: float
    message_seconds: float
    hello_requests: int | None = None
    message_requests: int | None = None
    remark: str | None = None


FULL = Scale(
    cached={1: 1, 1_000: 1_000, 10_000: 10_000, 100_000: 100_000},
    callers={1_000: 1_000, 10_000: 10_000},
    users={1: 1, 1_000: 1_000, 10_000: 10_000},
    rounds=9,
    round_ms=100,
    http_rounds=5,
    hello_seconds=2,
    message_seconds=4,
)

SMOKE = Scale(
    cached={1: 1, 1_000: 3, 10_000: 5, 100_000: 8},
    callers={1_000: 5, 10_000: 8},
    users={1: 1, 1_000: 3, 10_000: 5},
    rounds=3,
    round_ms=2,
    http_rounds=1,
    hello_seconds=0,
    message_seconds=0,
    hello_requests=400,
    message_requests=100,
    remark="smoke: not of these sizes",
)


def people(number):
    """How a row's name tells a number of users."""
    return "1 user" if number == 1 else f"{number:,} users"
