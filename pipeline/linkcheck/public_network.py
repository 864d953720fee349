"""The network without what is private: by name, by number and by redirect, only public addresses are connected to."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

import httpcore
import httpx

AT_ONCE = 32  # connections
PRIVATE = "leads to an address that is not public"
NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")  # all that IANA gives out of IPv6; the rest is reserved or local
# IANA's registries of special-purpose addresses, also those that are reachable from everywhere: no web site is there.
# https://www.iana.org/assignments/iana-ipv4-special-registry/ and, last, multicast (RFC 5771)
SPECIAL_IPV4 = [*map(ipaddress.ip_network, (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "224.0.0.0/4",
))]  # fmt: skip
# https://www.iana.org/assignments/iana-ipv6-special-registry/ as far as it is global unicast; 2002::/16 is looked into
SPECIAL_IPV6 = [*map(ipaddress.ip_network, ("2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20"))]
Resolve = Callable[[str, int], Awaitable[list[str]]]
"""A host and a port -> its IP addresses, the one to try first first. Raises OSError where there are none."""


async def resolved(host: str, port: int) -> list[str]:
    """Return the IP addresses of a host, as the system has them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(info[4][0]) for info in found]


class _Public(httpcore.AsyncNetworkBackend):
    """A network without private addresses.

    A name is resolved once for a connection, and what was looked at is what is connected to: a name that is public at
    first and private the next moment (DNS rebinding) leads nowhere.
    """

    def __init__(self, resolve: Resolve, inner: httpcore.AsyncNetworkBackend) -> None:
        self.resolve, self.inner = resolve, inner

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of `host` that answers. Raises ConnectError where any of them is not public."""
        try:
            addresses = await self.resolve(host, port)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        if not addresses or not all(map(is_public, addresses)):
            raise httpcore.ConnectError(PRIVATE)
        for address in addresses[:-1]:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self.inner.connect_tcp(address, port, timeout, local_address, socket_options)
        return await self.inner.connect_tcp(addresses[-1], port, timeout, local_address, socket_options)

    async def connect_unix_socket(self, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        """Refuse: no address leads to a socket file."""
        raise httpcore.ConnectError(PRIVATE)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self.inner.sleep(seconds)


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the public internet, where a web site may be.

    >>> [is_public(address) for address in ("93.184.216.34", "127.0.0.1", "10.0.0.1", "::ffff:127.0.0.1", "fe80::1")]
    [True, False, False, False, False]
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in NAT64 else None)
        if inner:
            return is_public(str(inner))
        return ip in GLOBAL_UNICAST and not any(ip in block for block in SPECIAL_IPV6)
    return not any(ip in block for block in SPECIAL_IPV4)


class PublicTransport(httpx.AsyncHTTPTransport):
    """httpx's transport over the public network only."""

    def __init__(
        self,
        context: ssl.SSLContext,
        resolve: Resolve = resolved,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        """Trust what `context` trusts; names are resolved by `resolve`, and connections made over `network`."""
        super().__init__(verify=context)
        public = _Public(resolve, network or httpcore.AnyIOBackend())
        self._pool = httpcore.AsyncConnectionPool(ssl_context=context, network_backend=public, max_connections=AT_ONCE)
