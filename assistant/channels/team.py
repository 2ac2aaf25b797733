"""Opens the team chats that the environment configures; the libraries of the others are not even imported."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from assistant.errors import MissingExtra

if TYPE_CHECKING:
    from starlette.routing import Route

    from assistant.channels.chat import Desk

log = logging.getLogger("assistant.team")
Loop = Callable[[], Coroutine[object, object, None]]
_AGAIN = 15.0
"""Seconds before a connection that ended is opened again."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What the process has to serve, and what it has to keep running beside."""

    routes: tuple[Route, ...] = ()
    loops: tuple[Loop, ...] = ()


def opened(environment: Mapping[str, str], desk: Callable[[str], Desk]) -> Opened:
    """The doors of every chat whose variables are set; `desk` gives the desk for a chat's name.

    SettingError for a chat that is set up in part, MissingExtra for one whose libraries are not installed.
    """
    doors = {"SLACK": _slack, "TEAMS": _teams, "MATRIX": _matrix, "WEBHOOK": _webhook}
    named = {name for name in doors if any(v and k.startswith(f"{name}_") for k, v in environment.items())}
    found = [_open(name, doors[name], environment, desk) for name in doors if name in named]
    return Opened(tuple(r for o in found for r in o.routes), tuple(x for o in found for x in o.loops))


Door = Callable[[Mapping[str, str], "Desk"], Opened]


def _open(name: str, door: Door, environment: Mapping[str, str], desk: Callable[[str], Desk]) -> Opened:
    extra = name.lower()
    try:
        return door(environment, desk(extra))
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"{name}_… is set, but {error.name} is not installed: pip install 'azure-backup-assistant[{extra}]'"
        ) from None


def _slack(environment: Mapping[str, str], desk: Desk) -> Opened:
    from assistant.channels import slack

    chosen = slack.settings(environment)
    if chosen is None:
        return Opened()
    loops = (partial(kept, "Slack", partial(slack.listen, desk, chosen)),) if chosen.app_token else ()
    return Opened(tuple(slack.routes(desk, chosen)), loops)


def _teams(environment: Mapping[str, str], desk: Desk) -> Opened:
    from assistant.channels import teams

    chosen = teams.settings(environment)
    return Opened(tuple(teams.routes(desk, chosen))) if chosen else Opened()


def _matrix(environment: Mapping[str, str], desk: Desk) -> Opened:
    from assistant.channels import matrix

    chosen = matrix.settings(environment)
    return Opened(loops=(partial(kept, "Matrix", partial(matrix.listen, desk, chosen)),)) if chosen else Opened()


def _webhook(environment: Mapping[str, str], desk: Desk) -> Opened:
    from assistant.channels import webhook

    chosen = webhook.settings(environment)
    return Opened(tuple(webhook.routes(desk, chosen))) if chosen else Opened()


async def kept(name: str, loop: Loop) -> None:
    """Run a loop until cancelled; one that ends or fails is begun again after a pause."""
    while True:
        try:
            await loop()
        except Exception:
            log.exception("%s: the connection failed; it is opened again in %s s", name, _AGAIN)
        await asyncio.sleep(_AGAIN)
