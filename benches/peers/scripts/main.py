"""Measures all peers, or one part of it: `--only caches`, `stampedes`, `bearer` or `messages`."""

import argparse
import signal
import sys
import time
import urllib.request

import bearer
import caches
import messages
from emulator import Emulator
from place import TARGET
from rows import Sheet
from scale import FULL, SMOKE

PARTS = {
    "caches": lambda sheet, scale, _: caches.cached_calls(sheet, scale),
    "stampedes": lambda sheet, scale, _: caches.stampedes(sheet, scale),
    "bearer": bearer.checks,
    "messages": messages.end_to_end,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="every row in seconds; the figures mean nothing")
    parser.add_argument("--only", choices=PARTS, help="one part; the file of rows then has no others")
    arguments = parser.parse_args()
    # As Ctrl-C does: what was started ends with this program.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))
    # A proxy in the caller's environment would be asked for loopback addresses.
    urllib.request.install_opener(urllib.request.build_opener(urllib.request.ProxyHandler({})))
    scale = SMOKE if arguments.smoke else FULL
    sheet = Sheet(TARGET, scale.remark)
    begun = time.monotonic()
    with Emulator() as emulator:
        for name in [arguments.only] if arguments.only else PARTS:
            PARTS[name](sheet, scale, emulator)
            print(f"{name} done, {time.monotonic() - begun:.0f} s since the start", flush=True)


if __name__ == "__main__":
    main()
