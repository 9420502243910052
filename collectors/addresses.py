"""Which addresses of the internet a stranger's link may lead to: names resolved to numbers, and numbers judged."""

import ipaddress
import socket

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def number(host: str) -> Address | None:
    """The address, when the host is written as a number."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def resolve(host: str, port: int) -> list[Address]:
    """Every address of a name. Raises ``OSError`` when it has none."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(str(answer[4][0]).partition("%")[0]) for answer in answers]


def is_public(address: Address) -> bool:
    """True when the address is reachable from anywhere, also when it is an IPv4 address in IPv6 clothes."""
    inner = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return address.is_global and not address.is_multicast and (inner is None or inner.is_global)
