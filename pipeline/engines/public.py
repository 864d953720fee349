"""The network without what is private: by name, by number and by redirect, only public addresses are connected to."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable

import httpcore
import httpx

AT_ONCE = 32  # connections
PRIVATE = "leads to an address that is not public"


class _Public(httpcore.AsyncNetworkBackend):
    """A network without private addresses: a name is resolved once, and what was looked at is connected to."""

    def __init__(self) -> None:
        self.inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a public address of `host`. Raises ConnectError where it has any other."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        addresses = [str(info[4][0]) for info in found]
        if not addresses or not all(map(is_public, addresses)):
            raise httpcore.ConnectError(PRIVATE)
        return await self.inner.connect_tcp(addresses[0], port, timeout, local_address, socket_options)

    async def connect_unix_socket(self, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        """Refuse: no address leads to a socket file."""
        raise httpcore.ConnectError(PRIVATE)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self.inner.sleep(seconds)


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the public internet.

    >>> [is_public(address) for address in ("93.184.216.34", "127.0.0.1", "10.0.0.1", "::ffff:127.0.0.1", "fe80::1")]
    [True, False, False, False, False]
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner or ip in ipaddress.ip_network("64:ff9b::/96"):  # RFC 6052: an IPv4 address in its last 32 bits
            return is_public(str(inner or ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip.is_global and not ip.is_multicast


class PublicTransport(httpx.AsyncHTTPTransport):
    """httpx's transport over the public network only."""

    def __init__(self, context: ssl.SSLContext) -> None:
        """Trust what `context` trusts."""
        super().__init__(verify=context)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context, network_backend=_Public(), max_connections=AT_ONCE
        )
