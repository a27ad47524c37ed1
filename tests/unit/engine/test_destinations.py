"""Where pages may go: nothing private in whatever spelling, and the lists as they are documented."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.destinations import DENIED, SPECIAL_4, SPECIAL_6, Destinations, carries, entries, kind, literal

GUARDED = Destinations(private=False)
V4 = st.integers(0, 2**32 - 1).map(IPv4Address)
V6 = st.integers(0, 2**128 - 1).map(IPv6Address)


def special(networks: list[str]) -> st.SearchStrategy[IPv4Address]:
    return st.sampled_from([ip_network(each) for each in networks]).flatmap(
        lambda network: st.integers(int(network[0]), int(network[-1])).map(IPv4Address)
    )


INNER = special(
    ["10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "224.0.0.0/4"]
)


def carried_by(address: IPv4Address) -> list[IPv6Address]:
    number = int(address)
    return [
        IPv6Address(0xFFFF << 32 | number),  # mapped
        IPv6Address(0xFFFF << 48 | number),  # translated
        IPv6Address(number),  # compatible
        IPv6Address(0x64FF9B << 96 | number),  # NAT64
        IPv6Address(0x2002 << 112 | number << 80 | 5),  # 6to4
        IPv6Address(0x2A00 << 112 | 0x5EFE << 32 | number),  # ISATAP
    ]


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("10.1.2.3", "private"),
        ("172.31.255.255", "private"),
        ("192.168.0.1", "private"),
        ("169.254.169.254", "metadata"),
        ("169.254.1.1", "link-local"),
        ("168.63.129.16", "metadata"),
        ("100.64.0.1", "inside"),
        ("0.0.0.0", "no machine"),  # noqa: S104  # Linux takes it for 127.0.0.1
        ("255.255.255.255", "no machine"),
        ("224.0.0.1", "multicast"),
        ("240.0.0.1", "reserved"),
        ("::1", "loopback"),
        ("::", "no machine"),
        ("fe80::1", "link-local"),
        ("fd00:ec2::254", "metadata"),
        ("fd12::1", "private"),
        ("fec0::1", "private"),
        ("ff02::1", "multicast"),
        ("2001::1", "reserved"),
        ("4000::1", "reserved"),
        ("64:ff9b:1::7f00:1", "reserved"),
        ("::8.8.8.8", "reserved"),
        ("::ffff:127.0.0.1", "loopback"),
        ("64:ff9b::a9fe:a9fe", "metadata"),
        ("2002:7f00:1::", "loopback"),
    ],
)
def test_what_is_not_public_is_called_by_its_name(address: str, what: str) -> None:
    refusal = GUARDED.address_refusal("name.example", ip_address(address), 80)
    assert refusal is not None
    assert what in refusal
    assert Destinations(private=True).address_refusal("name.example", ip_address(address), 80) is None


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "172.32.0.1", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_what_is_public_may_be_opened_but_not_this_machine_by_it(address: str) -> None:
    assert GUARDED.address_refusal("name.example", ip_address(address), 443) is None
    assert "this machine" in (GUARDED.address_refusal("name.example", ip_address(address), 443, own=True) or "")


@given(INNER)
def test_no_ipv6_address_carries_what_is_denied(address: IPv4Address) -> None:
    assert kind(address) is not None
    for each in carried_by(address):
        assert address in carries(each)
        assert GUARDED.address_refusal("x", each, 80) is not None


@given(V4, st.sampled_from(["{0}", "{0:#x}", "0{0:o}"]))
def test_every_spelling_of_a_number_is_that_address(address: IPv4Address, how: str) -> None:
    assert literal(how.format(int(address))) == address
    a, b, c, d = address.packed
    assert literal(f"{how.format(a)}.{b}.{how.format(c << 8 | d)}") == address
    assert literal(f"{a:#x}.{how.format(b)}.{c}.{d}.") == address
    assert literal(f"{how.format(a)}.{int(address) & 0xFFFFFF}") == address


@given(V6)
def test_an_ipv6_address_outside_the_public_part_never_passes(address: IPv6Address) -> None:
    public = address in ip_network("2000::/3") or address in ip_network("::ffff:0:0/96") or address in ip_network("64:ff9b::/96")
    assert public or GUARDED.address_refusal("x", address, 80) is not None
    assert literal(f"[{address}]") == literal(f"{address}%eth0") == address


@given(st.one_of(V4, V6))
def test_python_agrees_that_what_passes_is_global_or_it_is_the_newer_table_that_does_not(
    address: IPv4Address | IPv6Address,
) -> None:
    if GUARDED.address_refusal("x", address, 80) is None and not carries(address):
        assert not address.is_private
        assert not address.is_multicast
        assert not address.is_loopback
        assert not address.is_link_local


@pytest.mark.parametrize(
    "host", ["example.com", "1.2.3.4.5", "0xg", "08", "256.1", "1.2.3.256", "1..2", "", "4294967296", "a.1", "1_0", "\u0661"]
)
def test_what_is_no_address_is_a_name(host: str) -> None:
    assert literal(host) is None


def rule(allowed: str = "", denied: str = "", *, private: bool = False) -> Destinations:
    return Destinations(private=private, allowed=entries(tuple(allowed.split())), denied=entries(tuple(denied.split())))


def verdict(destinations: Destinations, host: str, address: str, port: int = 443) -> str | None:
    return destinations.host_refusal(host, port) or destinations.address_refusal(host, ip_address(address), port)


def test_the_lists() -> None:
    inner = rule("intranet.example *.lan.example 10.1.0.0/16 10.2.0.1:8080 [fd00::1]:443")
    assert verdict(inner, "intranet.example", "10.9.9.9") is None
    assert verdict(inner, "Intranet.Example.", "10.9.9.9") is None
    assert verdict(inner, "tv.lan.example", "192.168.0.1") is None
    assert verdict(inner, "lan.example", "192.168.0.1") is not None
    assert verdict(inner, "evilintranet.example", "10.9.9.9") is not None
    assert verdict(inner, "any.example", "10.1.2.3") is None
    assert verdict(inner, "any.example", "10.2.0.1", 8080) is None
    assert verdict(inner, "any.example", "10.2.0.1", 80) is not None
    assert verdict(inner, "any.example", "fd00::1") is None
    assert verdict(inner, "any.example", "8.8.8.8") is None
    denies = rule(denied="*.ads.example 8.8.0.0/16 *:25", private=True)
    assert verdict(denies, "x.ads.example", "1.1.1.1") == DENIED
    assert verdict(denies, "x.example", "8.8.8.8") == DENIED
    assert verdict(denies, "x.example", "::ffff:8.8.8.8") == DENIED
    assert verdict(denies, "x.example", "1.1.1.1", 25) == DENIED
    assert verdict(denies, "x.example", "127.0.0.1") is None


def test_a_kiosk_opens_what_is_listed_and_nothing_else() -> None:
    kiosk = rule("shop.example *.shop.example", "*")
    assert verdict(kiosk, "shop.example", "10.0.0.1") is None
    assert kiosk.host_refusal("other.example", 443) == DENIED, "it would be looked up"
    by_network = rule("1.2.3.0/24", "*")
    assert verdict(by_network, "any.example", "1.2.3.4") is None
    assert verdict(by_network, "any.example", "1.2.4.4") == DENIED


@pytest.mark.parametrize(
    "text", ["10.0.0.1/8", "300.1.1.1", "a b", "x:99999", "x:y", "[::1", "[::1]x", "a..b", "http://x", "x/8", "", "::1:80:x"]
)
def test_an_entry_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        entries((text,))


def test_each_special_network_is_denied_from_end_to_end() -> None:
    for network in (*SPECIAL_4, *SPECIAL_6):
        assert kind(network[0]) is not None
        assert kind(network[-1]) is not None
