"""Reaching a destination: look its name up once, judge each address, and connect to one of those that were judged.

Nothing is looked up between the judgement and the connection, so that a name cannot stand for another address by then (DNS
rebinding).
"""

from __future__ import annotations

import asyncio
import encodings.idna  # noqa: F401  # loaded by the first lookup else, when our user may not be able to read it any more
import socket
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv6Address, ip_address

from capture.egress.socks import Code
from engine.destinations import Address, Destinations, literal

LOOKUP_SECONDS = 10.0  # the resolver's own patience with two name servers that do not answer
CONNECT_SECONDS = 20.0
NEXT_SECONDS = 0.25  # before another address is tried beside one that has not answered (RFC 8305)
KEPT_SECONDS, MOST_KEPT = 5.0, 256  # addresses of one session's names: a page opens several connections at once
THREADS = 64  # lookups at a time; each is a thread that waits
LOOKUPS = 8  # of one session

_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="lookup")


class Refusal(Exception):
    """Nobody is connected. `code` is for the browser; `word` for programs and the sentence for people (`engine.errors`)."""

    def __init__(self, code: Code, word: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code, self.word, self.sentence = code, word, sentence


class Names:
    """What one session has looked up lately."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int], tuple[float, asyncio.Future[list[Address]]]] = OrderedDict()
        self._turns = asyncio.Semaphore(LOOKUPS)

    async def addresses(self, host: str, port: int) -> list[Address]:
        """All that `host` stands for, the best first. Raises `OSError`, `TimeoutError`."""
        if (address := literal(host)) is not None:
            return [address]
        now = asyncio.get_running_loop().time()
        begun, lookup = self._kept.get((host, port), (0.0, None))
        if lookup is None or now - begun > KEPT_SECONDS or (lookup.done() and lookup.exception() is not None):
            lookup = asyncio.ensure_future(self._look_up(host, port))
            self._kept[host, port] = now, lookup
            self._kept.move_to_end((host, port))
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return await asyncio.wait_for(asyncio.shield(lookup), LOOKUP_SECONDS)

    async def _look_up(self, host: str, port: int) -> list[Address]:
        async with self._turns:
            found = await asyncio.get_running_loop().run_in_executor(_threads, _resolve, host, port)
        return list(dict.fromkeys(found))


def _resolve(host: str, port: int) -> list[Address]:
    found = socket.getaddrinfo(host.encode("ascii"), port, type=socket.SOCK_STREAM)  # browsers have encoded other letters
    return [ip_address(str(entry[4][0])) for entry in found]


async def reach(rule: Destinations, names: Names, host: str, port: int) -> socket.socket:
    """A socket that is connected to `host`. Raises `Refusal`."""
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if (why := rule.host_refusal(host, port)) is not None:
        raise _denied(where, why)
    try:
        addresses = await names.addresses(host, port)
    except (OSError, TimeoutError) as error:
        sentence = f"{where} cannot be reached: {_lookup_failure(host, error)}."
        raise Refusal(Code.UNREACHABLE, "unreachable", sentence) from None
    refusals = {address: rule.address_refusal(host, address, port, own=is_own(address)) for address in addresses}
    allowed = [address for address in addresses if refusals[address] is None]
    if not allowed:
        why = next(iter(refusals.values())) or ""
        raise _denied(where, why if literal(host) is not None or why.startswith("in ") else f"{why} ({addresses[0]})")
    try:
        return await asyncio.wait_for(_connect(allowed, port), CONNECT_SECONDS)
    except ConnectionRefusedError:
        raise Refusal(Code.REFUSED, "unreachable", f"{where} cannot be reached: it refuses the connection.") from None
    except TimeoutError:
        raise Refusal(Code.UNREACHABLE, "unreachable", f"{where} cannot be reached: it does not answer.") from None
    except OSError as error:
        sentence = f"{where} cannot be reached: {(error.strerror or str(error)).lower()}."
        raise Refusal(Code.UNREACHABLE, "unreachable", sentence) from None


def _denied(where: str, why: str) -> Refusal:
    return Refusal(Code.NOT_ALLOWED, "forbidden_address", f"{where} may not be opened: it is {why}.")


def _lookup_failure(host: str, error: OSError) -> str:
    if isinstance(error, TimeoutError) or (isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN):
        return f"no name server says where {host} is"
    return f"there is no {host}"


async def _connect(addresses: list[Address], port: int) -> socket.socket:
    """Connected to the first that answers; each is tried a moment after the one before. Raises the first one's `OSError`."""
    left, trying, failures = list(addresses), set[asyncio.Task[socket.socket]](), list[BaseException]()
    try:
        while left or trying:
            if left:
                trying.add(asyncio.ensure_future(_connect_to(left.pop(0), port)))
            done, _ = await asyncio.wait(trying, timeout=NEXT_SECONDS if left else None, return_when=asyncio.FIRST_COMPLETED)
            trying -= done
            for attempt in done:
                if (error := attempt.exception()) is None:
                    return attempt.result()
                failures.append(error)
        raise failures[0]
    finally:
        for attempt in trying:
            attempt.cancel()
            attempt.add_done_callback(_close_late)


def _close_late(attempt: asyncio.Task[socket.socket]) -> None:
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().close()


async def _connect_to(address: Address, port: int) -> socket.socket:
    end = socket.socket(_family(address), socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        await asyncio.get_running_loop().sock_connect(end, (str(address), port))
    except BaseException:
        end.close()
        raise
    return end


def is_own(address: Address) -> bool:
    """Whether `address` is one of this machine's: the kernel would send from it what goes to it. Nothing is sent to find out."""
    with socket.socket(_family(address), socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((str(address), 9))
        except OSError:
            return False  # there is no way to it
        return ip_address(str(probe.getsockname()[0]).partition("%")[0]) == address


def _family(address: Address) -> socket.AddressFamily:
    return socket.AF_INET6 if isinstance(address, IPv6Address) else socket.AF_INET
