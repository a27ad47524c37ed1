"""Pictures and input over Socket.IO, against a real server with a real browser; bench/ has the tight figures."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import requests
import simplejpeg

from bench import clock
from bench.client import Client, Event, Frame
from bench.server import Server

Load = Callable[[str], None]


def subscribe(client: Client, session: str) -> Event:
    client.emit("subscribe", {"session_id": session})
    return client.wait_for("subscribed")


def settle(client: Client, quiet: float = 0.6) -> None:
    """Take what comes until nothing has come for `quiet` seconds."""
    while client.receive(quiet) is not None:
        pass


def frames_for(client: Client, seconds: float) -> list[Frame]:
    deadline = time.monotonic() + seconds
    frames = []
    while (left := deadline - time.monotonic()) > 0:
        event = client.receive(left)
        if isinstance(event, Frame):
            frames.append(event)
    return frames


def pixel(frame: Frame, x: int, y: int) -> tuple[int, ...]:
    return tuple(int(value) for value in np.asarray(simplejpeg.decode_jpeg(frame.jpeg, "RGB"))[y, x])


def near(colour: tuple[int, ...], wanted: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 12 for a, b in zip(colour, wanted, strict=True))


TitleBecomes = Callable[[str], bool]


def test_a_subscriber_gets_the_current_picture_at_once(client: Client, session: str, load: Load) -> None:
    load("/colour.html?rgb(10,200,30)")
    answer = subscribe(client, session)
    assert answer.payload | {"fps": 30, "quality": 75, "session_id": session} == answer.payload
    frame = client.wait_for_frame()
    assert near(pixel(frame, 400, 300), (10, 200, 30))
    assert frame.fields["size"] == len(frame.jpeg)
    assert (frame.fields["width"], frame.fields["height"], frame.fields["quality"]) == (800, 600, 75)
    assert abs(frame.fields["timestamp"] / 1000 - time.time()) < 60
    assert simplejpeg.decode_jpeg_header(frame.jpeg)[:2] == (600, 800)


def test_motion_is_fast_fresh_ordered_and_whole(client: Client, session: str, load: Load) -> None:
    load("/canvas.html")
    subscribe(client, session)
    client.emit("quality:set", {"quality": 75})
    client.emit("fps:set", {"fps": 60})
    client.wait_for("fps:updated")
    frames_for(client, 1)  # the browser's caches warm up
    frames = frames_for(client, 2)
    readings = [clock.read(frame.jpeg) for frame in frames]
    assert all(reading is not None and not reading.torn for reading in readings), "a torn picture"
    assert len({reading.ticks for reading in readings if reading}) > 60  # of 120; the machine may be busy
    ages = [reading.age_ms(frame.arrived) for frame, reading in zip(frames, readings, strict=True) if reading]
    assert 0 < statistics.median(ages) < 200
    seqs = [frame.fields["seq"] for frame in frames]
    assert seqs == sorted(set(seqs))


def test_a_still_page_sends_nothing_and_another_quality_one_picture(client: Client, session: str, load: Load) -> None:
    load("/still.html")
    subscribe(client, session)
    settle(client)
    assert frames_for(client, 1.0) == []
    client.emit("quality:set", {"quality": 20})
    assert client.wait_for("quality:updated").payload == {"quality": 20}
    frames = frames_for(client, 1.0)
    assert [frame.fields["quality"] for frame in frames] == [20]


def test_each_viewer_has_its_own_quality_and_rate(server: Server, session: str, load: Load) -> None:
    load("/canvas.html")
    with Client(server.address) as slow, Client(server.address) as fine:
        for viewer, quality, fps in ((slow, 30, 5), (fine, 90, 30)):
            subscribe(viewer, session)
            viewer.emit("adaptive:toggle", {"enabled": False})
            assert viewer.wait_for("adaptive:updated").payload == {"enabled": False}
            viewer.emit("quality:set", {"quality": quality})
            viewer.emit("fps:set", {"fps": fps})
            viewer.wait_for("fps:updated")
        settle_until = time.monotonic() + 0.5
        while time.monotonic() < settle_until:
            slow.receive(0.01)
            fine.receive(0.01)
        few: list[Frame] = []
        many: list[Frame] = []
        end = time.monotonic() + 3
        while time.monotonic() < end:
            for viewer, into in ((slow, few), (fine, many)):
                event = viewer.receive(0.005)
                if isinstance(event, Frame):
                    into.append(event)
        assert {frame.fields["quality"] for frame in few} == {30}
        assert {frame.fields["quality"] for frame in many} == {90}
        assert 8 <= len(few) <= 17  # of 15
        assert 45 <= len(many) <= 95  # of 90


def test_a_click_lands_on_the_pixel_that_the_frame_shows(
    client: Client, session: str, load: Load, title_becomes: TitleBecomes
) -> None:
    load("/pointer.html")
    subscribe(client, session)
    client.wait_for_frame()
    for x, y in ((0, 0), (799, 599), (123, 456), (400, 0)):
        client.emit("input:click", {"x": x, "y": y})
        assert client.wait_for("input:acknowledged").payload["type"] == "click"
        assert title_becomes(f"click {x},{y}")


def test_scroll_goes_to_the_element_under_the_pointer(
    client: Client, session: str, load: Load, title_becomes: TitleBecomes
) -> None:
    load("/scroll.html")
    subscribe(client, session)
    client.wait_for_frame()
    client.emit("input:scroll", {"deltaX": 0, "deltaY": 50, "x": 700, "y": 500})
    assert client.wait_for("input:acknowledged").payload["type"] == "scroll"
    assert title_becomes("page 50 box 0")
    client.emit("input:scroll", {"deltaX": 0, "deltaY": 120, "x": 100, "y": 100})
    assert title_becomes("page 50 box 120")
    client.emit("input:scroll", {"deltaX": 0, "deltaY": -20})
    assert title_becomes("page 50 box 100")


@pytest.mark.parametrize("text", ["hello world", "नमस्ते दुनिया", "你好,世界", "👩‍🚀🎉", "one\ntwo"])
def test_text_of_any_script_reaches_the_focused_element(
    client: Client, session: str, load: Load, text: str, title_becomes: TitleBecomes
) -> None:
    load("/form.html")
    subscribe(client, session)
    client.emit("input:click", {"x": 200, "y": 100})
    client.emit("input:text", {"text": text})
    assert title_becomes("area " + json.dumps(text, ensure_ascii=False))


def test_keys_and_a_newline_that_submits(client: Client, session: str, load: Load, title_becomes: TitleBecomes) -> None:
    load("/form.html")
    subscribe(client, session)
    client.emit("input:click", {"x": 200, "y": 300})
    client.emit("input:text", {"text": "abcd"})
    client.emit("input:key", {"key": "Backspace"})
    assert title_becomes('field "abc"')
    client.emit("input:key", {"key": "a", "modifiers": ["Control"]})
    client.emit("input:text", {"text": "x\n"})
    assert title_becomes('submitted "x"')


BAD: list[tuple[str, Any]] = [
    ("subscribe", {}),
    ("subscribe", {"session_id": 5}),
    ("subscribe", {"session_id": "nobody"}),
    ("subscribe", "demo"),
    ("subscribe", None),
    ("input:click", {"x": 1}),
    ("input:click", {"x": "1", "y": 2}),
    ("input:click", {"x": -1, "y": 2}),
    ("input:click", {"x": 800, "y": 2}),
    ("input:click", {"x": 1e308, "y": 2}),
    ("input:click", {"x": True, "y": 2}),
    ("input:click", {"x": 1, "y": 2, "button": "fourth"}),
    ("input:click", {"x": float("nan"), "y": 2}),
    ("input:click", {"x": float("inf"), "y": 2}),
    ("input:scroll", {"deltaX": 0, "deltaY": 1e9}),
    ("input:scroll", {"deltaY": "down"}),
    ("input:scroll", {"deltaY": 5, "x": 4}),
    ("input:text", {"text": ""}),
    ("input:text", {"text": 7}),
    ("input:text", {"text": "x" * 1_000_000}),
    ("input:text", {"text": "\ud800"}),
    ("input:key", {"key": "NoSuchKey"}),
    ("input:key", {"key": "a", "modifiers": ["Hyper"]}),
    ("quality:set", {"quality": 9}),
    ("quality:set", {"quality": 101}),
    ("quality:set", {"quality": 75.5}),
    ("quality:set", {"quality": "high"}),
    ("fps:set", {"fps": 0}),
    ("fps:set", {"fps": 61}),
    ("fps:set", {"fps": float("nan")}),
    ("adaptive:toggle", {"enabled": "yes"}),
    ("no:such:event", {}),
]


def test_bad_input_gets_one_error_that_names_it_and_changes_nothing(
    server: Server, client: Client, session: str, load: Load
) -> None:
    load("/form.html")
    subscribe(client, session)
    settle(client)
    for event, payload in BAD:
        client.emit(event, payload)
        answer = client.receive(5)
        assert isinstance(answer, Event), (event, payload)
        assert answer.name == "error", (event, payload, answer)
        assert answer.payload["message"].endswith("."), answer
        assert answer.payload["code"], answer
        assert len(answer.payload["message"]) < 500
    client.emit("quality:set", {"quality": 75})
    assert client.wait_for("quality:updated").payload == {"quality": 75}
    assert server.get(f"/api/session/{session}/info")["page_info"]["title"] == "form"


def test_input_without_a_subscription_is_refused(client: Client) -> None:
    client.emit("input:click", {"x": 1, "y": 1})
    assert client.wait_for("error").payload["code"] == "not_subscribed"


def test_unsubscribe_ends_the_frames(server: Server, client: Client, session: str, load: Load) -> None:
    load("/canvas.html")
    subscribe(client, session)
    client.wait_for_frame()
    client.emit("unsubscribe")
    client.wait_for("unsubscribed")
    assert frames_for(client, 0.5) == []
    assert server.get(f"/api/session/{session}/info")["viewers"] == 0


def test_a_page_that_never_finishes_loading_takes_input_meanwhile(
    server: Server, site: str, client: Client, session: str, title_becomes: TitleBecomes
) -> None:
    subscribe(client, session)
    with ThreadPoolExecutor() as pool:
        loading = pool.submit(server.post, f"/api/session/{session}/load", url=f"{site}/slow")
        assert title_becomes("slow")
        client.emit("input:text", {"text": "typed"})
        client.wait_for("input:acknowledged", 4)
        assert not loading.done(), "the input waited for the load"  # which is given up after 5 s
        with pytest.raises(requests.HTTPError, match="load_failed"):
            loading.result()


def test_a_viewer_that_asks_is_told_once_a_second_what_it_gets(client: Client, session: str, load: Load) -> None:
    load("/canvas.html")
    subscribe(client, session)
    client.emit("stats:toggle", {"enabled": True})
    assert client.wait_for("stats:updated").payload == {"enabled": True}
    deadline = time.monotonic() + 10
    while not (stats := client.wait_for("stats").payload)["fps"]:
        assert time.monotonic() < deadline, stats
    assert 0 < stats["fps"] <= 60
    assert stats["bytes_per_second"] > 1000
    assert 10 <= stats["quality"] <= 100
    assert set(stats["latency_ms"]) == {"grab", "wait", "job", "encode", "queue", "send"}
    assert stats["latency_ms"]["encode"] > 0
    assert set(stats["drops"]) == {"link", "pace", "encoder"}
    client.emit("stats:toggle", {"enabled": False})
    assert client.wait_for("stats:updated").payload == {"enabled": False}
    deadline = time.monotonic() + 1.5  # they came once in each second
    while (left := deadline - time.monotonic()) > 0:
        event = client.receive(left)
        assert not (isinstance(event, Event) and event.name == "stats")
