"""A server that is killed and started again before each request of a login: nothing of it was in its memory."""

import urllib.parse

from browser import Browser
from oauth import Client
from observe import observe
from replicas import sealing_key
from server import Server
from wire import Wire

NAME = "kill -9 between steps"


def main():
    killed = []
    with Server("restarted", MCP_SEALING_KEYS=sealing_key()) as server:
        client = Client(f"{server.url}/mcp")
        client.discover()
        client.register()

        def restart(url):
            if url.startswith(server.url):
                server.kill()
                server.start()
                killed.append(urllib.parse.urlsplit(url).path)

        client.wire = Wire(restart)
        back, _ = Browser("alice", client.wire).open(client.authorization_url())
        statuses = [client.redeem(back).status, client.refresh().status]
        observe(NAME, "login and refresh", {"statuses": statuses, "before": killed})


if __name__ == "__main__":
    main()
