"""Two replicas that share nothing but their keys: a whole login, each request at the other one.

They reach the tenant over https, unlike the other servers here, so that the search for secrets sees what is logged of that.
"""

import base64
import secrets
import socket
import socketserver
import threading
import urllib.parse

from browser import Browser
from oauth import Client
from observe import observe
from scene import EMULATOR_CA, EMULATOR_HTTPS, keep_secret
from server import Server
from wire import Wire

NAME = "two replicas"


def sealing_key():
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    keep_secret(key)
    return key


class RoundRobin(socketserver.ThreadingTCPServer):
    """Hands connections to its replicas in turn, whatever is in them."""

    allow_reuse_address = daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Turn)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.replicas, self.turns = [], 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def next(self):
        self.turns += 1
        return self.replicas[self.turns % len(self.replicas)]


class Turn(socketserver.BaseRequestHandler):
    def handle(self):
        with socket.create_connection(("127.0.0.1", self.server.next().port)) as replica:
            back = threading.Thread(target=pipe, args=(replica, self.request))
            back.start()
            pipe(self.request, replica)
            back.join()


def pipe(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def main():
    round_robin, key, took = RoundRobin(), sealing_key(), []

    def note(url):
        if url.startswith(round_robin.url):
            took.append((urllib.parse.urlsplit(url).path, (round_robin.turns + 1) % 2))

    settings = {
        "PUBLIC_BASE_URL": round_robin.url,
        "MCP_SEALING_KEYS": key,
        "AZURE_AUTHORITY_HOST": EMULATOR_HTTPS,
        "GRAPH_BASE_URL": f"{EMULATOR_HTTPS}/v1.0",
        "SSL_CERT_FILE": EMULATOR_CA,
    }
    with Server("first", **settings) as first, Server("second", **settings) as second:
        round_robin.replicas = [first, second]
        wire = Wire(note)
        client = Client(f"{round_robin.url}/mcp", wire)
        client.discover()
        client.register()
        back, _ = Browser("alice", wire).open(client.authorization_url())
        statuses = [client.redeem(back).status, client.refresh().status]
        observe(NAME, "login and refresh", {"statuses": statuses, "took": took})
        observe(NAME, "call getMessages", client.call())


if __name__ == "__main__":
    main()
