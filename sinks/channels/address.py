"""Connects only to addresses that a webhook may reach: the address that was checked is the one connected to.

So a name that resolves anew between check and connection (DNS rebinding) changes nothing, and TLS still verifies the
name of the URL.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from typing import Any

import httpcore

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefusedError(httpcore.ConnectError):
    """The receiver's name leads to an address that webhooks must not reach."""


def refusal(address: str, *, allow_private: bool) -> str | None:
    """Why an address is refused, or None. Metadata services are link-local, and refused even with `allow_private`."""
    ip = _embedded(ipaddress.ip_address(address.partition("%")[0]))
    if ip.is_link_local or ip.is_multicast or ip.is_unspecified:
        return f"{address} is link-local, multicast or unspecified"
    if ip.is_global or (allow_private and (ip.is_private or ip.is_loopback)):
        return None
    return f"{address} is loopback, private or reserved; THROUGHLINE_WEBHOOK_ALLOW_PRIVATE allows private ones"


def _embedded(ip: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, where it does."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """httpcore's network, which resolves and checks the name before it connects."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that answers. Raises AddressRefusedError where any address is refused."""
        addresses = await _resolve(host, port)
        for address in addresses:
            if reason := refusal(address, allow_private=self._allow_private):
                raise AddressRefusedError(f"{host}: {reason}")
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        """Between httpcore's own retries, which are off."""
        await self._network.sleep(seconds)


async def _resolve(host: str, port: int) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore.ConnectError(f"{host} cannot be resolved: {error}") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
