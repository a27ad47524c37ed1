"""Where pages may go: which hosts, addresses and ports a session's browser may connect to. Pure.

    listed in ALLOWED_DESTINATIONS         yes
    else listed in DENIED_DESTINATIONS     no
    else a public address                  yes
    else                                   as PRIVATE_ADDRESSES says

A name is judged twice: by itself, as far as it is listed, and by each address that it stands for; whoever connects must connect
to an address that was judged. How an address was spelled does not matter then: decimal, octal or hexadecimal, it is one number.
An IPv6 address that carries an IPv4 address, which a gateway would connect to, is judged by that one, too.

Invariants: with PRIVATE_ADDRESSES=deny and nothing allowed, no address outside the public ranges passes; what is denied for an
IPv4 address is denied for every IPv6 address that carries it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

# Whatever the IANA special-purpose registries do not call globally reachable (RFC 6890, as of 2026), and what clouds use of the
# rest. Not `ipaddress.is_global`: its table is another one in each version of Python.
_METADATA = "a cloud's metadata address"
SPECIAL_4 = {
    ip_network(network): kind
    for kind, networks in {
        _METADATA: ("169.254.169.254/32", "169.254.170.2/32", "100.100.100.200/32", "192.0.0.192/32", "168.63.129.16/32"),
        "the address of no machine": ("0.0.0.0/8", "255.255.255.255/32"),
        "a private address": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
        "an address of a provider's inside": ("100.64.0.0/10",),
        "a loopback address": ("127.0.0.0/8",),
        "a link-local address": ("169.254.0.0/16",),
        "a reserved address": (
            *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.175.48.0/24"),
            *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4"),
        ),
        "a multicast address": ("224.0.0.0/4",),
    }.items()
    for network in networks
}
# The only part of IPv6 that is given to networks of the Internet, and the two that stand for IPv4 addresses of it.
PUBLIC_6 = tuple(ip_network(network) for network in ("2000::/3", "::ffff:0:0/96", "64:ff9b::/96"))
SPECIAL_6 = {
    ip_network(network): kind
    for kind, networks in {
        _METADATA: ("fd00:ec2::254/128", "fd20:ce::254/128"),
        "the address of no machine": ("::/128",),
        "a loopback address": ("::1/128",),
        "a private address": ("fc00::/7", "fec0::/10"),
        "a link-local address": ("fe80::/10",),
        "a multicast address": ("ff00::/8",),
        "a reserved address": ("2001::/23", "2001:db8::/32", "3fff::/20"),  # Teredo (2001::/32) is in the first
    }.items()
    for network in networks
}
# IPv6 networks whose addresses carry an IPv4 address, and the bit at which that ends: mapped, translated (RFC 2765), compatible,
# NAT64 (RFC 6052), 6to4 (RFC 3056).
CARRIERS = {
    ip_network("::ffff:0:0/96"): 0,
    ip_network("::ffff:0:0:0/96"): 0,
    ip_network("::/96"): 0,
    ip_network("64:ff9b::/96"): 0,
    ip_network("2002::/16"): 80,
}
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)  # upper half of the interface's 64 bits (RFC 5214); the lower half is the IPv4 address


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a list: `host` a name, `*.name` (all below it) or `*`, or else a network; `port` 0: all ports."""

    host: str
    network: object
    port: int

    def fits_host(self, host: str, port: int) -> bool:
        if not self.host or self.port not in (0, port):
            return False
        return self.host in ("*", host) or (self.host.startswith("*.") and host.endswith(self.host[1:]))

    def fits_address(self, address: Address, port: int) -> bool:
        return self.port in (0, port) and self.network is not None and _within(address, self.network)


def entry(text: str) -> Entry:
    """`text` as it stands in a list: `10.0.0.0/8`, `[::1]:80`, `*.example.com`, `a.example:443`, `*:25`. Raises `ValueError`."""
    rest, port = text.strip().lower(), 0
    if rest.startswith("["):
        rest, closed, after = rest[1:].partition("]")
        if not closed or (after and not after.startswith(":")):
            raise ValueError(f"{text!r} has something behind its address that is no port")
        after = after[1:] or "0"
    elif rest.count(":") == 1:
        rest, _, after = rest.partition(":")
    else:
        after = "0"
    if not after.isascii() or not after.isdigit() or int(after) > 65535:
        raise ValueError(f"{text!r} has a port that is no number up to 65535")
    port = int(after)
    try:
        return Entry("", ip_network(rest), port)
    except ValueError:
        if ":" in rest or "/" in rest or rest.replace(".", "").isdigit():
            raise
    name = rest.removeprefix("*.")
    if rest != "*" and not all(part and part.replace("-", "").replace("_", "").isalnum() for part in name.split(".")):
        raise ValueError(f"{text!r} is neither a name, an address nor a network")
    return Entry(rest, None, port)


def entries(texts: tuple[str, ...]) -> tuple[Entry, ...]:
    """Raises `ValueError` for one that cannot be read."""
    return tuple(entry(text) for text in texts)


class Destinations:
    """The rule. `private`: addresses that are not public may be connected to as well."""

    def __init__(self, *, private: bool, allowed: tuple[Entry, ...] = (), denied: tuple[Entry, ...] = ()) -> None:
        self._private = private
        self._allowed = allowed
        self._denied = denied

    def host_refusal(self, host: str, port: int) -> str | None:
        """Why `host` may not even be looked up; None: its addresses decide. A sentence's end: "it is ..."."""
        host = host.lower().removesuffix(".")
        if any(one.fits_host(host, port) for one in self._allowed):
            return None
        if self._denied_everywhere(port) and not any(one.network is not None for one in self._allowed):
            return DENIED
        listed = (one for one in self._denied if one.host != "*")  # which an allowed address would still win against
        return DENIED if any(one.fits_host(host, port) for one in listed) else None

    def address_refusal(self, host: str, address: Address, port: int, *, own: bool = False) -> str | None:
        """Why nobody may connect to `address`, which `host` stands for; None: they may. `own`: it is one of this machine's."""
        host = host.lower().removesuffix(".")
        carried = carries(address)
        all_of_it = (address, *carried)
        if any(one.fits_host(host, port) or one.fits_address(address, port) for one in self._allowed):
            return None
        if self._denied_everywhere(port) or any(one.fits_address(each, port) for one in self._denied for each in all_of_it):
            return DENIED
        if self._private:
            return None
        for each in all_of_it:
            if (what := kind(each)) is not None:
                return what
        return "an address of this machine itself" if own else None

    def _denied_everywhere(self, port: int) -> bool:
        return any(one.host == "*" and one.port in (0, port) for one in self._denied)


DENIED = "in the list of those that are denied"


@lru_cache(maxsize=4096)
def kind(address: Address) -> str | None:
    """What an address is that is not public; None: it is."""
    special = SPECIAL_4 if address.version == 4 else SPECIAL_6
    found = [network for network in special if _within(address, network)]
    if found:
        return special[max(found, key=lambda network: network.prefixlen)]
    if address.version == 6 and not any(_within(address, network) for network in PUBLIC_6):
        return "a reserved address"
    return None


def carries(address: Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses that an IPv6 address would lead to by way of a gateway or a tunnel."""
    if isinstance(address, IPv4Address):
        return ()
    number = int(address)
    found = [IPv4Address(number >> shift & 0xFFFF_FFFF) for network, shift in CARRIERS.items() if _within(address, network)]
    if number >> 32 & 0xFFFF_FFFF in _ISATAP:
        found.append(IPv4Address(number & 0xFFFF_FFFF))
    return tuple(found)


def literal(host: str) -> Address | None:
    """`host` as an address, if it is one in any spelling that a resolver would take for one; None: it is a name."""
    text = host.removeprefix("[").removesuffix("]").partition("%")[0]
    try:
        return ip_address(text)
    except ValueError:
        return _spelled(text)


def _spelled(text: str) -> IPv4Address | None:
    """What `inet_aton` makes of it: one to four numbers, each decimal, octal or hexadecimal, the last of which fills the rest."""
    parts = text.removesuffix(".").split(".")
    if not 1 <= len(parts) <= 4:
        return None
    numbers = []
    for part in parts:
        try:
            lower = part.lower()
            octal = len(part) > 1 and part.startswith("0") and part.isascii() and part.isdigit()
            if not part.isascii() or not (lower.startswith("0x") or part.isdigit()):
                return None
            numbers.append(int(part, 8) if octal else int(lower[2:] or "0", 16) if lower.startswith("0x") else int(part))
        except ValueError:
            return None
    *bytes_, last = numbers
    if any(number > 255 for number in bytes_) or last >= 256 ** (5 - len(parts)):
        return None
    return IPv4Address(sum(number << 8 * (3 - place) for place, number in enumerate(bytes_)) + last)


def _within(address: Address, network: object) -> bool:
    return address in network  # type: ignore[operator]  # of the other version: it is not
