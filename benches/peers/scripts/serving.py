"""Serves an ASGI app on a free port, with what is fastest for uvicorn, and tells which port."""

import socket

import uvicorn


def serve(app):
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"listening http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(app, loop="uvloop", http="httptools", access_log=False, log_level="warning")
    uvicorn.Server(config).run(sockets=[listener])
