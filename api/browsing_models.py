"""What REST clients send and get about pages, tabs and dialogs."""

from __future__ import annotations

from msgspec import Struct

from api.models import DialogId, DialogText, Url


class BrowsedPage(Struct):
    """The page that is shown, and where it can go."""

    title: str
    url: str
    loading: bool
    can_go_back: bool
    can_go_forward: bool


class Browsed(Struct):
    """It has been done."""

    success: bool
    page: BrowsedPage


class DialogAnswer(Struct):
    """An answer to a dialog: `text` of a prompt, `username` and `password` of a login."""

    id: DialogId
    accept: bool
    text: DialogText | None = None
    username: DialogText | None = None
    password: DialogText | None = None


class DialogModel(Struct, omit_defaults=True):
    """A dialog that is open. `default`: what a prompt offers; `url`: whose question it is."""

    id: int
    kind: str
    message: str
    url: str
    default: str | None = None


class DialogsModel(Struct):
    """A session's open dialogs."""

    session_id: str
    dialogs: list[DialogModel]


class NewTabRequest(Struct):
    """The page to load in the new tab; without one it is empty."""

    url: Url | None = None


class TabModel(Struct):
    """One tab. `active`: it is the one that is shown."""

    tab: str
    title: str
    url: str
    active: bool


class TabsModel(Struct):
    """A session's tabs, in the order in which they were made."""

    session_id: str
    tabs: list[TabModel]
