"""Which text field has the page's focus, for on-screen keyboards: told when it enters one and when it leaves.

A script that begins before those of the page listens in every document and frame to what moves the focus, and tells what has it;
there is nothing that polls, and it leaves nothing that the page could find. (It is not in a world of its own: what a script in a
sandbox tells never arrives, Chromium 156.) It finds fields in open shadow trees; what lies in a closed one looks like its host,
no field. Where a frame lies in its page the browser is asked, outwards frame by frame.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import msgspec

from capture.bidi import Bidi, CommandFailed
from engine.errors import ChildGone
from engine.exchange import Focus

CHANNEL = "jiomosa-focus"
EVENTS = ["script.message", "browsingContext.contextCreated", "browsingContext.contextDestroyed"]
TELL_SECONDS = 0.1  # between two that are told: a page may move its focus as often as it likes
ASK_SECONDS = 2.0
SCRIPT = """(tell) => {
  const TYPES = new Set(['text', 'search', 'url', 'tel', 'email', 'password', 'number']);
  let told = '', asked = false;
  const deepest = () => {
    let found = document.activeElement;
    while (found && found.shadowRoot && found.shadowRoot.activeElement) found = found.shadowRoot.activeElement;
    return found;
  };
  const field = (element) => {
    if (!element || !element.matches) return null;
    const area = element instanceof HTMLTextAreaElement, input = element instanceof HTMLInputElement && TYPES.has(element.type);
    if (area || input) {
      if (element.readOnly || element.disabled) return null;
      return {type: area ? 'textarea' : element.type, multiline: area, length: element.value.length};
    }
    if (element.isContentEditable) return {type: 'contenteditable', multiline: true, length: element.textContent.length};
    return null;
  };
  const look = () => {
    asked = false;
    const element = deepest(), found = field(element), focused = document.hasFocus();
    const said = {focused, editable: !!found && focused};
    if (said.editable) {
      const box = element.getBoundingClientRect(), view = window.visualViewport;
      const top = window === window.top, zoom = (top && view ? view.scale : 1);
      const left = top && view ? view.offsetLeft : 0, above = top && view ? view.offsetTop : 0;
      Object.assign(said, found, {x: (box.x - left) * zoom, y: (box.y - above) * zoom,
        width: box.width * zoom, height: box.height * zoom, ratio: devicePixelRatio});
    }
    const text = JSON.stringify(said);
    if (text !== told) tell(told = text);
  };
  const soon = (event) => {
    if (event && event.isTrusted === false) return;
    if (!asked) { asked = true; setTimeout(look, 0); }
  };
  for (const kind of ['focusin', 'focusout']) document.addEventListener(kind, soon, true);
  for (const kind of ['focus', 'blur', 'pageshow']) window.addEventListener(kind, soon, true);
  if (window.visualViewport) visualViewport.addEventListener('resize', soon);
  soon();
}"""
# Where a frame's content begins in the page around it, in CSS pixels; and that page's own zoom on the screen.
PLACE = """(frame) => {
  const box = frame.getBoundingClientRect(), top = window === window.top && window.visualViewport;
  const left = top ? top.offsetLeft : 0, above = top ? top.offsetTop : 0;
  return JSON.stringify({x: box.x + frame.clientLeft - left, y: box.y + frame.clientTop - above, zoom: top ? top.scale : 1});
}"""


class Said(msgspec.Struct):
    """What the script tells of a document; lengths are CSS pixels of its frame, `ratio` pixels of the screen in one."""

    focused: bool
    editable: bool
    type: str = ""
    multiline: bool = False
    length: int = 0
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    ratio: float = 1.0


class Fields:
    """What the documents have said, and so which field has the focus: that of the tab that had it last. Pure."""

    def __init__(self) -> None:
        self._parents: dict[str, str | None] = {}
        self._said: dict[str, Said] = {}
        self._tab: str | None = None

    def created(self, context: str, parent: str | None) -> None:
        self._parents[context] = parent

    def destroyed(self, context: str) -> None:
        for child in [child for child, parent in self._parents.items() if parent == context]:
            self.destroyed(child)
        self._parents.pop(context, None)
        self._said.pop(context, None)

    def heard(self, context: str, said: Said) -> None:
        if said.focused:
            self._tab = self.chain(context)[-1]
        self._said[context] = said

    def chain(self, context: str) -> list[str]:
        """The context and those around it, the tab last."""
        found = [context]
        while (parent := self._parents.get(found[-1])) is not None:
            found.append(parent)
        return found

    @property
    def current(self) -> tuple[str, Said] | None:
        """The context whose field has the focus, and what it said."""
        for context, said in reversed(self._said.items()):
            if said.editable and self.chain(context)[-1] == self._tab:
                return context, said
        return None


class FocusWatch:
    """Calls `tell` with each `Focus`. Hand all events to `on_event`."""

    def __init__(self, tell: Callable[[Focus], None]) -> None:
        self._tell = tell
        self._fields = Fields()
        self._told = Focus()
        self._bidi: Bidi | None = None
        self._work: asyncio.Task[None] | None = None
        self._again = False

    async def open(self, bidi: Bidi) -> None:
        """Listen in every document from now on."""
        self._bidi = bidi
        await bidi.call("session.subscribe", events=EVENTS)
        self._add((await bidi.call("browsingContext.getTree"))["contexts"], None)
        channel = {"type": "channel", "value": {"channel": CHANNEL, "ownership": "none"}}
        await bidi.call("script.addPreloadScript", functionDeclaration=SCRIPT, arguments=[channel])

    def _add(self, contexts: list[dict[str, Any]], parent: str | None) -> None:
        for context in contexts:
            self._fields.created(context["context"], parent)
            self._add(context.get("children") or [], context["context"])

    def on_event(self, method: str, params: dict[str, Any]) -> None:
        if method == "browsingContext.contextCreated":
            self._fields.created(params["context"], params.get("parent"))
        elif method == "browsingContext.contextDestroyed":
            self._fields.destroyed(params["context"])
            self._soon()
        elif method == "script.message" and params["channel"] == CHANNEL:
            try:
                said = msgspec.json.decode(params["data"]["value"], type=Said)
            except (KeyError, TypeError, msgspec.MsgspecError):
                return
            self._fields.heard(params["source"]["context"], said)
            self._soon()

    def close(self) -> None:
        if self._work is not None:
            self._work.cancel()

    def _soon(self) -> None:
        self._again = True
        if self._work is None or self._work.done():
            self._work = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        while self._again:
            self._again = False
            try:
                async with asyncio.timeout(ASK_SECONDS):
                    focus = await self._present()
            except (CommandFailed, ChildGone, TimeoutError):
                continue  # a frame that has just gone, or a page that is busy; what comes next is told
            if focus != self._told:
                self._told = focus
                self._tell(focus)
            await asyncio.sleep(TELL_SECONDS)

    async def _present(self) -> Focus:
        current = self._fields.current
        if current is None:
            return Focus()
        context, said = current
        x, y, zoom = said.x, said.y, 1.0
        chain = self._fields.chain(context)
        for frame, around in pairwise(chain):
            place = await self._place(frame, around)
            x, y, zoom = (x + place["x"]) * place["zoom"], (y + place["y"]) * place["zoom"], zoom * place["zoom"]
        ratio, size = said.ratio, (said.width * zoom * said.ratio, said.height * zoom * said.ratio)
        return Focus(True, said.type, said.multiline, said.length, round(x * ratio), round(y * ratio), *map(round, size))

    async def _place(self, frame: str, around: str) -> dict[str, float]:
        assert self._bidi is not None
        locator = {"type": "context", "value": {"context": frame}}
        found = await self._bidi.call("browsingContext.locateNodes", context=around, locator=locator)
        if not found["nodes"]:
            raise CommandFailed("no such node", "The frame has gone.")
        element = {"sharedId": found["nodes"][0]["sharedId"]}
        answer = await self._bidi.call(
            "script.callFunction",
            functionDeclaration=PLACE,
            arguments=[element],
            target={"context": around, "sandbox": CHANNEL},
            awaitPromise=False,
        )
        place: dict[str, float] = msgspec.json.decode(answer["result"]["value"])
        return place
