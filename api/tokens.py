"""JSON Web Tokens into identities. Loaded only where a login is configured: PyJWT and its cryptography take 65 ms.

    kind     signed with                       algorithm                                header
    token    AUTH_SECRET                       HS256                                    anything else
    token    a key of AUTH_JWKS                what that key is for: RS256, ES256, EdDSA
    ticket   a key made when the server starts HS256                                    `typ` is "ticket"

What a token says of its algorithm is never believed: each key goes with one algorithm, and only that is tried.
"""

from __future__ import annotations

import secrets
import time
from typing import Any, Protocol

import jwt

from api.jwks import Jwks, Key
from api.revoked import Revoked, names_of
from engine.errors import ConfigurationError, Unauthorized
from engine.identity import CONTROL, WATCH, Identity
from engine.settings import Settings

MAX_TOKEN = 8192  # characters; what servers commonly take as one header
TICKET = "ticket"
HOW = "Send `Authorization: Bearer TOKEN`, or over Socket.IO `auth: {token: TOKEN}`."


class Keys(Protocol):
    async def key(self, kid: str | None) -> Key: ...


class Secret:
    """The one key of AUTH_SECRET."""

    def __init__(self, secret: str) -> None:
        self._key = Key(secret, "HS256")

    async def key(self, kid: str | None) -> Key:
        return self._key


class Tokens:
    """Checks tokens, and makes and checks tickets."""

    def __init__(self, settings: Settings, keys: Keys) -> None:
        self._settings = settings
        self._keys = keys
        self._ticket_key = secrets.token_bytes(32)
        self.revoked = Revoked(settings.auth_revoked)

    async def identify(self, token: str, *, only_ticket: bool = False) -> Identity:
        """Whose token it is. Raises `Unauthorized`; `Unavailable` where the keys cannot be had."""
        if len(token) > MAX_TOKEN:
            raise Unauthorized(f"Your token is longer than {MAX_TOKEN} characters.")
        try:
            header = jwt.get_unverified_header(token)
            if header.get("typ") == TICKET:
                return self._of_ticket(token)
            if only_ticket:
                raise Unauthorized("In an address only a ticket may stand, never a token; POST .../ticket gives one.")
            return self._of_token(token, await self._keys.key(header.get("kid")))
        except jwt.ExpiredSignatureError:
            raise Unauthorized("Your token has expired; get a new one.", code="token_expired") from None
        except jwt.PyJWTError as error:
            raise Unauthorized(f"Your token is not valid: {error}.") from None
        except (ValueError, TypeError, OverflowError, RecursionError):  # JSON in it that PyJWT does not expect
            raise Unauthorized("Your token is not valid: it is not one.") from None

    def _of_token(self, token: str, key: Key) -> Identity:
        settings = self._settings
        claims = jwt.decode(
            token,
            key.key,
            algorithms=[key.algorithm],
            audience=settings.auth_audience or None,  # None: a token that names one is for somebody else
            issuer=settings.auth_issuer or None,
            leeway=settings.auth_leeway,
            options={"require": ["exp", "sub"]},
        )
        names = names_of(claims)
        self.revoked.check(names)
        scope = claims.get("scope", "")
        if not isinstance(scope, str) or not claims["sub"]:
            raise Unauthorized("Your token is not valid: `sub` must be a name, and `scope` words separated by spaces.")
        return Identity(claims["sub"], frozenset(scope.split()), int(claims["exp"]) + settings.auth_leeway, names=names)

    def ticket(self, session: tuple[str, float], access: str, expires_at: float, by: str | None = None) -> str:
        """A ticket of `by`'s to watch, or also to control, one session until `expires_at`."""
        claims = {"session": session, "access": access, "exp": int(expires_at), "by": by}
        return jwt.encode(claims, self._ticket_key, "HS256", headers={"typ": TICKET})

    def _of_ticket(self, ticket: str) -> Identity:
        claims = jwt.decode(ticket, self._ticket_key, algorithms=["HS256"], options={"require": ["exp"]})
        names = names_of({"sub": claims.get("by")})
        self.revoked.check(names)
        id, created_at = claims["session"]
        scopes = {WATCH, CONTROL} if claims["access"] == "control" else {WATCH}
        return Identity(None, frozenset(scopes), claims["exp"], (id, created_at), names)


def tokens_of(settings: Settings) -> Tokens | None:
    """What checks tokens where a login is configured. Raises `ConfigurationError`."""
    if settings.auth_secret and settings.auth_jwks:
        raise ConfigurationError("AUTH_SECRET and AUTH_JWKS are both set; tokens are signed with the one or the other.")
    if settings.auth_jwks and not settings.auth_audience:
        raise ConfigurationError("AUTH_JWKS needs AUTH_AUDIENCE: who issues the tokens signs those for others with the same key.")
    if settings.auth_secret:
        return Tokens(settings, Secret(settings.auth_secret))
    return Tokens(settings, Jwks(settings.auth_jwks)) if settings.auth_jwks else None


def mint(settings: Settings, sub: str, scope: str, seconds: float) -> str:
    """A token for trying out, as this server with these settings takes it. Raises `ConfigurationError`."""
    if not settings.auth_secret:
        raise ConfigurationError(
            "AUTH_SECRET is not set. Give it the secret that the server has, or a new one of 32 characters or more "
            "(`openssl rand -hex 32`) to both."
        )
    now = time.time()
    claims: dict[str, Any] = {"jti": secrets.token_hex(8), "sub": sub, "scope": scope, "iat": int(now), "exp": int(now + seconds)}
    claims |= {"aud": settings.auth_audience} if settings.auth_audience else {}
    claims |= {"iss": settings.auth_issuer} if settings.auth_issuer else {}
    return jwt.encode(claims, settings.auth_secret, "HS256")
