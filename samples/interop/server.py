"""Starts message-center with a few settings and no others: nothing of the caller's environment, and no .env.local."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from scene import API_CLIENT_ID, API_CLIENT_SECRET, EMULATOR_HTTP, TENANT_ID

PROGRAM, LOGS = os.environ["SERVER"], Path(os.environ["LOGS"])
SETTINGS = {
    "MCP_ENV": "development",
    "RUST_LOG": "trace",
    "AZURE_AUTHORITY_HOST": EMULATOR_HTTP,
    "GRAPH_BASE_URL": f"{EMULATOR_HTTP}/v1.0",
    "GRAPH_TENANT_ID": TENANT_ID,
    "GRAPH_CLIENT_ID": API_CLIENT_ID,
    "GRAPH_CLIENT_SECRET": API_CLIENT_SECRET,
}


def free_port():
    """A port where nobody listens, and below those that systems give out: a server that is started again must find it free."""
    for port in random.sample(range(20_000, 32_000), 1_000):
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise SystemExit("no port is free")


class Server:
    """One process, and the others that take its place at the same port."""

    def __init__(self, name, port=None, **settings):
        self.log, self.port = LOGS / f"server-{name}", port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = {**SETTINGS, "PORT": str(self.port), **settings}
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self):
        with open(self.log, "a") as log:
            # Without a shell in between: a signal reaches the server itself.
            self.process = subprocess.Popen([PROGRAM, "serve"], cwd=LOGS, env=self.settings, stdout=log, stderr=log)
        begun = time.monotonic()
        # A machine that does other things, too, may take its time.
        while time.monotonic() - begun < 120:
            if self.is_ready():
                return
            time.sleep(0.1)
        raise SystemExit(f"the server did not become ready, see {self.log}")

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def kill(self):
        """Ends it as a machine that fails does: it is told nothing (SIGKILL)."""
        self.process.kill()
        self.process.wait()

    def kilobytes(self):
        """Resident memory, where the system tells it (Linux)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def main(name, *settings):
    """Runs a server for a shell script, which reads its address and ends it."""
    with Server(name, **dict(setting.split("=", 1) for setting in settings)) as server:
        print(server.url, flush=True)
        signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main(*sys.argv[1:])
