"""Keys and tokens for tests of who is let in: right ones, and those that somebody has made up."""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SECRET = "a secret that is long enough for HS256"
OTHER = "another secret, as long as the first one"
AUDIENCE, ISSUER = "jiomosa", "https://id.example"
RSA_KEY = rsa.generate_private_key(65537, 2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()
KEYS: dict[str, Any] = {"RS256": RSA_KEY, "ES256": EC_KEY, "EdDSA": ED_KEY}  # by the algorithm that each is for


def claims(**changes: Any) -> dict[str, Any]:
    """Those of a good token but for `changes`; None: without it."""
    good = {"sub": "ann", "aud": AUDIENCE, "iss": ISSUER, "exp": time.time() + 60, "scope": "session:watch"}
    return {name: value for name, value in (good | changes).items() if value is not None}


def signed(key: Any = SECRET, algorithm: str = "HS256", headers: dict[str, Any] | None = None, **changes: Any) -> str:
    """By hand where HMAC does it, since PyJWT refuses to make most forgeries."""
    if not isinstance(key, str | bytes):
        return jwt.encode(claims(**changes), key, algorithm, headers)
    head = {"alg": algorithm, "typ": "JWT"} | (headers or {})
    text = ".".join(segment(json.dumps(part).encode()) for part in (head, claims(**changes)))
    digest = {"HS256": "sha256", "HS512": "sha512"}.get(algorithm)
    key = key.encode() if isinstance(key, str) else key
    mac = hmac.digest(key, text.encode(), digest) if digest else b""
    return f"{text}.{segment(mac)}"


def spoilt(token: str) -> str:
    """The same token with one bit of its signature changed."""
    text, _, last = token.rpartition(".")
    signature = base64.urlsafe_b64decode(last + "==")
    return f"{text}.{segment(bytes((signature[0] ^ 1,)) + signature[1:])}"


def segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def public(key: Any, kid: str, **more: str) -> dict[str, Any]:
    """Its entry in a set of public keys."""
    kind: Any = jwt.get_algorithm_by_name(next(name for name, one in KEYS.items() if one is key))
    made: dict[str, Any] = json.loads(kind.to_jwk(key.public_key()))
    return made | {"kid": kid} | more


def key_set(*entries: dict[str, Any]) -> bytes:
    return json.dumps({"keys": entries}).encode()


def written(key: Any, encoding: Encoding = Encoding.PEM) -> bytes:
    """The public key as the file that everybody can have."""
    data: bytes = key.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    return data
