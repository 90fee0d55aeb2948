"""Writes down what a client saw, one JSON object a line; judge.py decides whether that is right."""

import json
import sys


def observe(client, step, saw):
    print(json.dumps({"client": client, "step": step, "saw": saw}), flush=True)


def skip(client, reason):
    print(json.dumps({"client": client, "skip": reason}), flush=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["skip", client, reason]:
            skip(client, reason)
        case ["saw", client, step, saw]:
            observe(client, step, json.loads(saw))
        case _:
            sys.exit("usage: observe.py skip CLIENT REASON | saw CLIENT STEP JSON")
