"""Who asks, over REST: the one way from a request to the session that it names, and from a connection to its identity."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from quart import request

from api.session import Session
from api.sessions import Sessions, no_session
from api.validity import OnEnd, Validity, while_valid
from engine.errors import BadRequest, Forbidden, Unauthorized
from engine.identity import ANYONE, Identity
from engine.settings import Settings

if TYPE_CHECKING:
    from api.revoked import Revoked
    from api.tokens import Tokens

T = TypeVar("T")

WHO = "This server wants to know who you are: send `Authorization: Bearer TOKEN`, or over Socket.IO `auth: {token: TOKEN}`."


class Login:
    """`required`: somebody who asks has to say who they are."""

    def __init__(self, settings: Settings, sessions: Sessions) -> None:
        self._sessions = sessions
        self._tokens: Tokens | None = None
        if settings.login_configured:
            from api.tokens import tokens_of

            self._tokens = tokens_of(settings)

    @property
    def required(self) -> bool:
        return self._tokens is not None

    async def identify(self, token: Any, *, only_ticket: bool = False) -> Identity:
        """Whose token it is; ANYONE where nobody logs in. Raises `Unauthorized`."""
        if self._tokens is None:
            return ANYONE
        if not isinstance(token, str) or not token:
            raise Unauthorized(WHO)
        return await self._tokens.identify(token, only_ticket=only_ticket)

    def validity(self, identity: Identity, on_end: OnEnd) -> Validity:
        """Have `on_end` called when `identity` is not one any more."""
        return Validity(identity, self._revoked, on_end)

    async def while_valid(self, identity: Identity, work: Coroutine[Any, Any, T]) -> T:
        """Do `work`, which may take long, for `identity`. Raises `Unauthorized` when its right ends before."""
        return await while_valid(identity, self._revoked, work)

    @property
    def _revoked(self) -> Revoked | None:
        return None if self._tokens is None else self._tokens.revoked

    async def asker(self, *, by_address: bool = False) -> Identity:
        """Who sends the present request; `by_address`: a `ticket` among its query parameters will do. Raises `Unauthorized`."""
        if self._tokens is None:
            return ANYONE
        token = bearer(request.headers.get("Authorization"))
        if token is None and by_address and "ticket" in request.args:
            return await self.identify(request.args["ticket"], only_ticket=True)
        return await self.identify(token)

    async def session(self, id: str, scope: str, *, by_address: bool = False) -> Session:
        """The session `id`, for whoever sends the present request. Raises `Unauthorized`, `NotFound`, `Forbidden`."""
        return self.reach(await self.asker(by_address=by_address), id, scope)

    def reach(self, identity: Identity, id: str, scope: str) -> Session:
        """The session `id`, which to all who may not see it is not there. Raises `NotFound`, `Forbidden`."""
        session = self._sessions.get(id)
        if not sees(identity, session):
            raise no_session(id)
        check(identity, scope)
        return session

    def ticket(self, identity: Identity, session: Session, access: str, expires_at: float) -> str:
        """A ticket to `session`. Raises `Forbidden`, `BadRequest`."""
        if self._tokens is None:
            raise BadRequest("Nobody logs in to this server, so that no ticket is needed.")
        if identity.session is not None:
            raise Forbidden("A ticket cannot be shared on; whose session it is can make another.")
        return self._tokens.ticket((session.id, session.created_at), access, expires_at, identity.sub)


def bearer(header: str | None) -> str | None:
    """The token in an Authorization header; None where there is no such header. Raises `Unauthorized`."""
    if header is None:
        return None
    scheme, _, token = header.strip().partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized(WHO)
    return token.strip()


def sees(identity: Identity, session: Session) -> bool:
    """Whether `session` is there for them."""
    return identity.sees(session.owner, (session.id, session.created_at))


def check(identity: Identity, scope: str) -> None:
    """Raises `Forbidden` where they may not."""
    if not identity.may(scope):
        what = "ticket" if identity.session is not None else "token"
        raise Forbidden(f"Your {what} does not allow that: it lacks the scope {scope!r}.")
