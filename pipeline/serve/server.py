"""An application -> a server on this machine, until Ctrl-C."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from starlette.types import ASGIApp

LOOPBACK = "127.0.0.1"
SECONDS_TO_STOP = 2  # for requests that are being answered


def loopback_socket(port: int) -> socket.socket:
    """Return a socket that listens on this machine only; port 0 means a free one. Raises OSError if it is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
        listener.listen()  # so that whoever reads the URL can connect at once
    except BaseException:
        listener.close()
        raise
    return listener


def serve_until_stopped(app: ASGIApp, listener: socket.socket) -> None:
    """Answer requests until the process is interrupted."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=SECONDS_TO_STOP,
    )
    uvicorn.Server(config).run(sockets=[listener])
