"""A web server on this machine, for tests of what sends requests."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Quiet:
    """A handler of requests without a log."""

    def log_message(self, *_: object) -> None:
        """Log nothing."""


class LocalServer(ThreadingHTTPServer):
    """A server at a free port, which counts its requests."""

    daemon_threads = True

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        """Listen; `handler` answers."""
        super().__init__(("127.0.0.1", 0), handler)
        self.asked: Counter[str] = Counter()

    @property
    def address(self) -> str:
        """Its URL."""
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def serving(server: LocalServer) -> Iterator[None]:
    """Serve while the block runs."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield
    server.shutdown()
    thread.join()
    server.server_close()
