"""An HTTP transport that connects only to public IP addresses: by name, by number and after redirects."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

import httpcore
import httpx

MOST_CONNECTIONS = 32  # connections
NOT_PUBLIC = "leads to an IP address that is not public"
NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")  # the IPv6 addresses that IANA assigns; the rest is reserved or local
# IANA's registries of special-purpose addresses, also the globally reachable ones: none has a web site.
# https://www.iana.org/assignments/iana-ipv4-special-registry/ and, last, multicast (RFC 5771)
SPECIAL_IPV4 = [*map(ipaddress.ip_network, (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "224.0.0.0/4",
))]  # fmt: skip
# https://www.iana.org/assignments/iana-ipv6-special-registry/, the global unicast part; 2002::/16 embeds IPv4
SPECIAL_IPV6 = [*map(ipaddress.ip_network, ("2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20"))]
Resolver = Callable[[str, int], Awaitable[list[str]]]
"""(host, port) -> its IP addresses, in the order to try them. Raises OSError where there are none."""


async def system_addresses(host: str, port: int) -> list[str]:
    """Return the IP addresses of a host from the system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(info[4][0]) for info in found]


class _PublicNetwork(httpcore.AsyncNetworkBackend):
    """A network backend without private addresses.

    A name is resolved once per connection, and the checked IP address is the one that is connected to. So a name that
    turns from public to private (DNS rebinding) is refused.
    """

    def __init__(self, resolve: Resolver, inner: httpcore.AsyncNetworkBackend) -> None:
        self.resolve, self.inner = resolve, inner

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first IP address of `host` that responds. Raises ConnectError if any of them is not public."""
        try:
            addresses = await self.resolve(host, port)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        if not addresses or not all(map(is_public, addresses)):
            raise httpcore.ConnectError(NOT_PUBLIC)
        for address in addresses[:-1]:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self.inner.connect_tcp(address, port, timeout, local_address, socket_options)
        return await self.inner.connect_tcp(addresses[-1], port, timeout, local_address, socket_options)

    async def connect_unix_socket(self, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        """Refuse: no URL leads to a Unix socket."""
        raise httpcore.ConnectError(NOT_PUBLIC)

    async def sleep(self, seconds: float) -> None:
        """Wait for some seconds, as httpcore requires of a network."""
        await self.inner.sleep(seconds)


def is_public(address: str) -> bool:
    """Return whether an IP address is on the public internet, where a web site may be.

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


def transport_to(*, private: bool) -> httpx.AsyncBaseTransport:
    """Return a transport to public IP addresses; with `private`, to all."""
    context = httpx.create_ssl_context()
    return httpx.AsyncHTTPTransport(verify=context) if private else PublicTransport(context)


class PublicTransport(httpx.AsyncHTTPTransport):
    """httpx's transport, limited to public IP addresses."""

    def __init__(
        self,
        context: ssl.SSLContext,
        resolve: Resolver = system_addresses,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        """Use the certificates of `context`, resolve names with `resolve`, and connect over `network`."""
        super().__init__(verify=context)
        public = _PublicNetwork(resolve, network or httpcore.AnyIOBackend())
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context, network_backend=public, max_connections=MOST_CONNECTIONS
        )
