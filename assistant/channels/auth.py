"""Who calls: a bearer token in, a Caller out. Only hashes are stored, and they are compared in constant time."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.channels.problem import Problem
from assistant.channels.state import MARK, SCOPES, Key, State, digest_of

if TYPE_CHECKING:
    from assistant.channels.settings import Settings

_FRESH = 3.0
"""Seconds for which the keys are remembered: a key that is revoked closes within these."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody whose requests are answered."""

    id: str
    """Whose conversations these are: the key's id, or `local`."""
    name: str
    scopes: tuple[str, ...]
    counted: bool
    """Whether the rate limit counts the requests."""


LOCAL = Caller("local", "local", SCOPES, counted=False)
PUBLIC = Caller("public", "public", ("pages",), counted=False)


class Keyring:
    """Tells callers by their keys."""

    def __init__(self, state: State, settings: Settings) -> None:
        self._state, self._settings, self._local = state, settings, settings.local
        self._keys: dict[str, tuple[Key, float]] = {}

    async def caller(self, authorization: str, scope: str) -> Caller:
        """Who sends this Authorization header. Problem 401 for nobody we know, 403 for the wrong scope."""
        token = _token(authorization)
        if self._local and not token.startswith(MARK):  # clients of OpenAI's protocol always send some key
            return LOCAL
        if not token and scope == "pages" and self._settings.public_pages:
            return PUBLIC
        key = await self._key(token) if token else None
        if key is None:
            raise Problem(401, "invalid_api_key", _why(authorization, token), headers=_challenge(scope))
        if scope not in key.scopes:
            raise Problem(
                403, "wrong_scope", f"the key {key.name!r} does not open this door; it needs the scope {scope!r}"
            )
        return Caller(key.id, key.name, key.scopes, counted=True)

    async def _key(self, token: str) -> Key | None:
        name, _, secret = token.removeprefix(MARK).partition("-")
        if not token.startswith(MARK) or not secret:
            return None
        found = await self._stored(name)
        same = hmac.compare_digest(digest_of(secret), found.digest if found else "0" * 64)
        return found if found and same and found.valid(time.time()) else None

    async def _stored(self, name: str) -> Key | None:
        """The key with this id, remembered for a few seconds."""
        known, read = self._keys.get(name, (None, -math.inf))
        if time.monotonic() - read < _FRESH:
            return known
        found = await asyncio.to_thread(self._state.key, name)
        if found:  # ids that are guessed must not fill the memory
            self._keys[name] = found, time.monotonic()
        else:
            self._keys.pop(name, None)
        return found


def _token(authorization: str) -> str:
    """The token of a Bearer header, or the password of a Basic one, which browsers ask people for."""
    kind, _, value = authorization.strip().partition(" ")
    value = value.strip()
    if kind.lower() == "bearer":
        return value
    if kind.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, ValueError):
            return ""
    return ""


def _why(authorization: str, token: str) -> str:
    if not authorization:
        return "no API key; send the header 'Authorization: Bearer <key>'"
    return "the API key is not valid" if token else "the Authorization header is not 'Bearer <key>'"


def _challenge(scope: str) -> dict[str, str]:
    return {"www-authenticate": 'Basic realm="assistant", charset="UTF-8"' if scope == "pages" else "Bearer"}
