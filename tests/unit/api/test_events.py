"""What viewers say is carried out and acknowledged; what is no packet is answered, too."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import structlog

from api.events import HANDLERS, OWN, ROOMS, Sockets
from api.handlers import Handler
from api.payloads import MAX_SCROLL, MAX_TEXT
from api.transport import Json, Outbox
from api.viewer import Viewer
from engine.channel import MAX_MESSAGE_BYTES
from engine.inputs import Click, Key, Move, Scroll, Text
from engine.messages import Rendition, ToCapture
from engine.watching import ViewerStatistics
from tests.unit.api.door import BROWSING, GOOD, HEIGHT, SID, WIDTH, World, only_error

# ---- what is right


async def test_subscribing_tells_what_is_in_force_and_watches() -> None:
    world = World(subscribed=False)
    world.viewer.adaptation.set_fps(60)
    assert await world.say("subscribe", {"session_id": "a", "more": 1}) == [
        [
            "subscribed",
            {
                "session_id": "a",
                "fps": 60,
                "quality": 75,
                "adaptive": True,
                "width": WIDTH,
                "height": HEIGHT,
                "format": "base64",
                "grayscale": False,
            },
        ]
    ]
    assert world.session.watching == [world.viewer]
    assert world.viewer.rendition == Rendition("jpeg", 75)


async def test_what_a_subscription_asks_for_makes_its_rendition_and_is_told() -> None:
    world = World(subscribed=False)
    options = {"format": "binary", "max_width": 100, "grayscale": True, "fps": 12, "quality": 40, "adaptive": False}
    ((_, told),) = await world.say("subscribe", {"session_id": "a", "max_height": 50, **options})
    assert told == {"session_id": "a", "width": 80, "height": 50} | {k: v for k, v in options.items() if k != "max_width"}
    assert world.viewer.rendition == Rendition("jpeg-binary", 40, 80, 50, True)
    ((_, told),) = await world.say("subscribe", {"session_id": "b"})
    assert (told["format"], told["width"], told["grayscale"]) == ("base64", WIDTH, False), "the picture is the subscription's"
    assert (told["quality"], told["fps"], told["adaptive"]) == (40, 12, False), "these are the connection's"


@pytest.mark.parametrize(
    ("event", "payload", "message"),
    [
        ("input:click", {"x": 0, "y": 39.9}, Click(7, 2, 197, "left")),
        ("input:move", {"x": 63, "y": 20}, Move(7, 317, 102)),
        ("input:scroll", {"deltaX": 2, "deltaY": -10, "x": 31, "y": 39}, Scroll(7, 10.0, -50.0, 157, 197)),
    ],
)
async def test_points_and_distances_are_those_of_the_viewers_picture(event: str, payload: Any, message: ToCapture) -> None:
    world = World(subscribed=False)
    await world.say("subscribe", {"session_id": "a", "max_width": 64})  # a fifth: 64x40
    await world.say(event, payload)
    assert world.session.injected == [message]
    assert "64x40" in only_error(await world.say("input:click", {"x": 0, "y": 40}))["message"]


async def test_subscribed_is_told_before_a_frame_can_come() -> None:
    world = World(subscribed=False)
    order: list[Any] = []
    world.session.watch = lambda viewer: order.extend(world.told())  # type: ignore[method-assign]
    await world.say("subscribe", {"session_id": "a"})
    assert [event for event, _ in order] == ["subscribed"]


async def test_subscribing_to_another_session_leaves_the_first() -> None:
    world = World()
    await world.say("subscribe", {"session_id": "b"})
    assert world.session.watching == []
    assert world.sessions["b"].watching == [world.viewer]


async def test_a_full_session_is_refused_and_the_other_goes_on() -> None:
    world = World()
    world.session.full = world.sessions["b"].full = True
    before = world.state()
    assert only_error(await world.say("subscribe", {"session_id": "b"}))["code"] == "full"
    assert world.state() == before
    (subscribed,) = await world.say("subscribe", {"session_id": "a"})  # who watches it already takes no more room
    assert subscribed[0] == "subscribed"


async def test_subscribing_again_is_watching_once() -> None:
    world = World()
    await world.say("subscribe", {"session_id": "a"})
    assert world.session.watching == [world.viewer]


@pytest.mark.parametrize("arguments", [(), ({},), ({"session_id": "a"},), (None,)])
async def test_unsubscribing_is_acknowledged_also_twice(arguments: tuple[Any, ...]) -> None:
    world = World()
    assert await world.say("unsubscribe", *arguments) == [["unsubscribed"]]
    assert world.session.watching == []
    assert await world.say("unsubscribe", *arguments) == [["unsubscribed"]]


@pytest.mark.parametrize("subscribed", [True, False])
async def test_quality_rate_and_adaptation_are_set_and_told(subscribed: bool) -> None:
    world = World(subscribed=subscribed)
    assert await world.say("quality:set", {"quality": 10}) == [["quality:updated", {"quality": 10}]]
    assert await world.say("fps:set", {"fps": 60}) == [["fps:updated", {"fps": 60}]]
    assert await world.say("fps:set", {"fps": 12.5}) == [["fps:updated", {"fps": 12.5}]]
    assert await world.say("adaptive:toggle", {"enabled": False}) == [["adaptive:updated", {"enabled": False}]]
    assert world.state()[:3] == (10, 12.5, False)
    assert world.session.stream.changes == (4 if subscribed else 0)


async def test_the_highest_rate_is_the_settings() -> None:
    world = World(max_fps=120)
    assert await world.say("fps:set", {"fps": 120}) == [["fps:updated", {"fps": 120}]]
    assert "1 to 120" in only_error(await world.say("fps:set", {"fps": 120.5}))["message"]


@pytest.mark.parametrize(
    ("event", "payload", "kind", "message"),
    [
        ("input:click", {"x": 0, "y": 0}, "click", Click(7, 0, 0, "left")),
        ("input:click", {"x": 319.99, "y": 199.5, "button": "right"}, "click", Click(7, 319, 199, "right")),
        ("input:click", {"x": 1e-300, "y": 5, "button": "middle", "timestamp": 1}, "click", Click(7, 0, 5, "middle")),
        ("input:move", {"x": 10, "y": 20.9}, "move", Move(7, 10, 20)),
        ("input:scroll", {"deltaY": 100}, "scroll", Scroll(7, 0.0, 100.0)),
        ("input:scroll", {"deltaX": -1.5, "deltaY": 0, "x": 3, "y": 4}, "scroll", Scroll(7, -1.5, 0.0, 3, 4)),
        ("input:scroll", {"deltaX": MAX_SCROLL}, "scroll", Scroll(7, float(MAX_SCROLL), 0.0)),
        ("input:scroll", {}, "scroll", Scroll(7, 0.0, 0.0)),
        ("input:text", {"text": "नमस्ते 你好 😀\n"}, "text", Text(7, "नमस्ते 你好 😀\n")),
        ("input:text", {"text": "😀" * MAX_TEXT}, "text", Text(7, "😀" * MAX_TEXT)),
        ("input:key", {"key": "Enter"}, "key", Key(7, "Enter")),
        ("input:key", {"key": "a", "modifiers": ["Control", "Shift"]}, "key", Key(7, "a", ("Control", "Shift"))),
    ],
    ids=lambda value: ascii(value)[:40],
)
async def test_input_is_injected_and_then_acknowledged(event: str, payload: Any, kind: str, message: ToCapture) -> None:
    world = World()
    assert await world.say(event, payload) == [["input:acknowledged", {"type": kind, "seq": 41}]]
    assert world.session.injected == [message]


async def test_every_event_of_the_document_has_a_handler() -> None:
    own = {"subscribe", "unsubscribe", "quality:set", "fps:set", "adaptive:toggle", "stats:toggle"}
    assert set(HANDLERS) == set(GOOD) | set(BROWSING) | own


# ---- connections


class Connected(World):
    """A connection that python-socketio knows, so that whole Engine.IO messages can be fed to it."""

    async def open(self) -> None:
        self.sockets.manager.initialize()
        self.sockets.eio.sockets["eio"] = self.connection
        self.sockets.environ["eio"] = {}
        self.connection.send = self.connection.queue.put  # what an AsyncSocket does with a packet
        self.connection.closed = False
        await self.receive("0")
        (sid,) = (sid for sid in self.sockets._viewers if sid != SID)
        self.sid = sid
        self.told()

    async def receive(self, text: str | bytes) -> list[Any]:
        await self.sockets._handle_eio_message("eio", text)
        for _ in range(20):
            await asyncio.sleep(0)
        queue = self.connection.queue
        texts = [queue.get_nowait().encode() for _ in range(queue.qsize())]
        return [json.loads(text[2:]) for text in texts if text.startswith("42")]


async def connected() -> Connected:
    world = Connected(subscribed=False)
    world.connection.queue = Outbox()
    await world.open()
    return world


async def test_a_message_is_an_event_and_its_answer() -> None:
    world = await connected()
    assert await world.receive('2["quality:set",{"quality":50}]') == [["quality:updated", {"quality": 50}]]
    assert world.sockets._viewers[world.sid].adaptation.quality == 50


@pytest.mark.parametrize(
    "text",
    [
        "2",
        "2[",
        "2{}",
        '2"x"',
        "2[]",
        "2nonsense",
        "9",
        "x",
        "4",
        "2[" + "[" * 100_000,
        '2["quality:set",{"quality":' + "9" * 5000 + "}]",
        "2[5]",
        "2[null]",
        "2[true]",
        "2[[1]]",
        '2[{"a":1}]',
        "2[NaN]",
        '2["quality:set",{"quality":NaN}]',
        '2["input:text",{"text":"\\ud83d"}]',
        '2["\\ud800"]',
    ],
    ids=lambda text: ascii(text)[:30],
)
async def test_what_is_no_packet_is_one_error(text: str) -> None:
    world = await connected()
    only_error(await world.receive(text))
    assert await world.receive('2["quality:set",{"quality":50}]') == [["quality:updated", {"quality": 50}]]


@pytest.mark.parametrize(
    "text", ['2["connect"]', '2["connect",{}]', '2["connect",{},{}]', '2["disconnect"]', '2["disconnect","x"]']
)
async def test_the_librarys_own_events_cannot_be_said(text: str) -> None:
    world = await connected()
    await world.receive('2["subscribe",{"session_id":"a"}]')
    viewer = world.sockets._viewers[world.sid]
    only_error(await world.receive(text))
    assert world.sockets._viewers[world.sid] is viewer
    assert world.session.watching == [viewer]


async def test_a_connection_that_goes_is_watching_no_more() -> None:
    world = await connected()
    await world.receive('2["subscribe",{"session_id":"a"}]')
    assert len(world.session.watching) == 1
    await world.sockets._handle_eio_disconnect("eio", "transport close")
    assert world.session.watching == []
    assert world.sid not in world.sockets._viewers
    assert world.sid not in world.sockets._sessions


async def test_whoever_is_not_connected_is_not_heard() -> None:
    world = World()
    before = world.state()
    await world.sockets._handle("quality:set", "nobody", {"quality": 50})
    assert (world.told(), world.state()) == ([], before)


async def test_a_megabyte_gets_as_far_as_the_check_that_names_it() -> None:
    world = World()
    assert world.sockets.eio.max_http_buffer_size >= 1_100_000
    assert world.sockets.eio.http_compression is False
    assert world.sockets.packet_class.json is Json


# ---- origins


async def test_other_pages_are_judged_by_the_rule_of_the_whole_server() -> None:
    allowed = World(cors_origins="https://a.example").sockets.eio.cors_allowed_origins
    assert allowed("https://a.example", {"HTTP_HOST": "here:5000"})
    assert allowed("http://here:5000", {"HTTP_HOST": "here:5000"})
    assert not allowed("https://b.example", {"HTTP_HOST": "here:5000"})
    assert not allowed(None, {})


def test_an_event_is_in_one_room_only() -> None:
    assert len(HANDLERS) == len(OWN) + len(ROOMS)


def test_a_text_fits_into_a_message() -> None:
    assert MAX_TEXT * 4 < MAX_MESSAGE_BYTES


async def test_statistics_are_switched_on_and_off() -> None:
    world = World()
    drops = ViewerStatistics(1, 0, 0, 0, 0)
    for enabled in (True, False):
        assert await world.say("stats:toggle", {"enabled": enabled}) == [["stats:updated", {"enabled": enabled}]]
        world.viewer.tell_statistics(drops)
        assert [event for event, *_ in world.told()] == ["stats"] * enabled


async def test_a_fault_of_ours_is_told_and_logged_once_and_concerns_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(door: Sockets, viewer: Viewer, payload: Any) -> None:
        raise RuntimeError("it is broken")

    monkeypatch.setitem(HANDLERS, "stats:toggle", Handler(None, broken))
    world = World()
    with structlog.testing.capture_logs() as lines:
        assert only_error(await world.say("stats:toggle", {}))["code"] == "internal"
    assert [(line["log_level"], line["viewer"], line["session"]) for line in lines] == [("error", SID, "a")]
    assert await world.say("quality:set", {"quality": 50}) == [["quality:updated", {"quality": 50}]]
