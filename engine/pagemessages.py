"""What front and capture process say to one another of pages and tabs; part of `engine.messages`.

front -> capture   Navigate, GetPage, Go, OpenTab, ShowTab, CloseTab: each is answered by `Page` or `Refused`
capture -> front   Page, TabList, Note
"""

from __future__ import annotations

from typing import Literal

import msgspec

DialogKind = Literal["alert", "confirm", "prompt", "beforeunload", "login"]
Way = Literal["back", "forward", "reload", "stop"]


class Navigate(msgspec.Struct, frozen=True, tag=True):
    """Load `url`; `Page` once it has loaded, `Refused` (load_failed, the browser's reason) when it does not in `timeout` s."""

    token: int
    url: str
    timeout: float


class GetPage(msgspec.Struct, frozen=True, tag=True):
    """Answered by `Page`."""

    token: int


class Go(msgspec.Struct, frozen=True, tag=True):
    """Move about in the shown tab; `Page` once it has loaded, `Refused` where it cannot or does not load in `timeout` seconds."""

    token: int
    way: Way
    timeout: float


class OpenTab(msgspec.Struct, frozen=True, tag=True):
    """Open an empty tab and show it; `Page`, or `Refused` (full) where there may be no more."""

    token: int


class ShowTab(msgspec.Struct, frozen=True, tag=True):
    """Show the tab `tab`; `Page`, or `Refused` (no_tab)."""

    token: int
    tab: str


class CloseTab(msgspec.Struct, frozen=True, tag=True):
    """Close the tab `tab`; `Page` (what is shown then), or `Refused` (no_tab)."""

    token: int
    tab: str


class Page(msgspec.Struct, frozen=True, tag=True):
    """The page that is shown. Token 0: nobody has asked; something about it is other than was last told."""

    token: int
    title: str
    url: str
    loading: bool = False
    can_go_back: bool = False
    can_go_forward: bool = False


class TabEntry(msgspec.Struct, frozen=True):
    """One tab. `tab`: its id; `active`: it is the shown one."""

    tab: str
    title: str
    url: str
    active: bool


class TabList(msgspec.Struct, frozen=True, tag=True):
    """All tabs, in the order in which they were made."""

    tabs: tuple[TabEntry, ...]


class Note(msgspec.Struct, frozen=True, tag=True):
    """Something that has happened, to tell whoever watches. `code`: a word for programs; `message`: a sentence."""

    code: str
    message: str


class Respond(msgspec.Struct, frozen=True, tag=True):
    """Answer the dialog `id`; `Page`, or `Refused` (no_dialog) where it is not open.

    text                of a prompt that is accepted; None: what it offers
    username, password  of a login that is accepted
    """

    token: int
    id: int
    accept: bool
    text: str | None = None
    username: str | None = None
    password: str | None = None


class Dialog(msgspec.Struct, frozen=True, tag=True):
    """A page asks whoever sits before it. `default`: what a prompt offers; `url`: whose question it is."""

    id: int
    kind: DialogKind
    message: str
    default: str | None
    url: str


class DialogClosed(msgspec.Struct, frozen=True, tag=True):
    """The dialog `id` is not open any more."""

    id: int
