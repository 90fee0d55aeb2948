"""A program that serves: started, waited for, ended."""

import random
import socket
import subprocess
import threading
import time
import urllib.request

from place import ENVIRONMENT, WORK, pinned

# Seconds: a machine that does other things, too, may take its time.
PATIENCE = 120


class Service:
    """Runs a program on a processor until the block ends."""

    def __init__(self, name, command, core, settings=()):
        self.name, self.command = name, pinned(core, [str(part) for part in command])
        self.settings = {**ENVIRONMENT, **dict(settings)}
        self.log = WORK / f"{name}.log"

    def __enter__(self):
        with open(self.log, "w") as log:
            # Without a shell in between: the process is the server itself.
            self.process = subprocess.Popen(
                self.command, env=self.settings, cwd=WORK, stdout=subprocess.PIPE, stderr=log, text=True
            )
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    @property
    def pid(self):
        return self.process.pid

    def lines(self, last):
        """Reads what it prints until a line begins with `last`; what comes later is thrown away."""
        lines = []
        for line in self.process.stdout:
            lines.append(line.split())
            if line.startswith(last):
                threading.Thread(target=self._drain, daemon=True).start()
                return lines
        raise RuntimeError(f"{self.name} ended before it was ready, see {self.log}")

    def _drain(self):
        try:
            for _ in self.process.stdout:
                pass
        except ValueError:
            pass

    def url(self):
        """Reads the address from the line in which it says so."""
        return self.lines("listening ")[-1][1]

    def wait_for(self, url):
        """Waits until an address answers well."""
        threading.Thread(target=self._drain, daemon=True).start()
        begun = time.monotonic()
        while time.monotonic() - begun < PATIENCE:
            try:
                with urllib.request.urlopen(url, timeout=PATIENCE):
                    return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        raise RuntimeError(f"{self.name} did not become ready, see {self.log}")


def free_port():
    """A port where nobody listens, and below those that systems give out: or another program that starts is given it."""
    for port in random.sample(range(20_000, 32_000), 1_000):
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no port is free")
