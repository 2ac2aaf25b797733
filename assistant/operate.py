"""The verbs that open doors to others: serve, mcp, keys, feedback."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import MissingExtra, QuestionError

if TYPE_CHECKING:
    from assistant.channels.generations import Generations
    from assistant.channels.settings import Settings
    from assistant.channels.state import Key, State
    from assistant.engine import Opening

QUIET = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
"""For the environment before gradio and Hugging Face's libraries are imported, which would call home without them."""


def run(options: Namespace, home: Path, state: str, say: Callable[[str], None], opening: Opening) -> int:
    """Run one of the verbs; its exit code. MissingExtra when the libraries for serving are not installed."""
    os.environ.update(QUIET)
    url = state_of(home, state)
    try:
        if options.verb == "serve":
            return _serve(options, home, url, say, opening)
        if options.verb == "mcp":
            return _mcp(options, home, url, say, opening)
        return _keys(options, url) if options.verb == "keys" else _feedback(options, home, url)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("assistant"):
            raise
        raise MissingExtra(f"{options.verb} needs {error.name}; pip install 'azure-backup-assistant[serve]'") from None


def state_of(home: Path, state: str = "") -> str:
    """The URL of the state: as given, else of a SQLite file beside the indexes."""
    return state or f"sqlite:///{home.absolute() / 'state.db'}"


def _serve(options: Namespace, home: Path, url: str, say: Callable[[str], None], opening: Opening) -> int:
    from assistant.channels.generations import Generations
    from assistant.channels.settings import Settings

    settings = Settings(
        host=options.host,
        port=options.port,
        url=options.url.rstrip("/"),
        hosts=tuple(options.allow_host),
        origins=tuple(options.allow_origin),
        state=url,
        rate=options.rate,
        waiting=options.waiting,
        log_questions=options.log_questions,
        public_pages=options.public_pages,
        share_port=options.share_port,
    )
    _log(options.verbose)
    serve(settings, Generations(options.pack, home, say, **opening), say)
    return 0


def serve(settings: Settings, generations: Generations, say: Callable[[str], None]) -> None:
    """Serve every door until interrupted. QuestionError for settings that cannot be, or a port that is taken."""
    from assistant.channels.serve import application, run
    from assistant.channels.state import StateError

    _sane(settings)
    try:
        feedback(generations.home, settings.state).close()
    except StateError as error:
        say(str(error))
    say(f"opening the index of {generations.current.pack.title}")
    app = application(generations, settings, os.environ)
    if not settings.local:
        say("callers need a key; 'assistant keys add NAME' makes one")
    try:
        run(app, settings, say)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        raise QuestionError(f"cannot listen on {where}: {error.strerror}; try another port") from None


def _sane(settings: Settings) -> None:
    if not 0 < settings.port < 2**16:
        raise QuestionError(f"--port {settings.port}: should be from 1 to 65535")
    if settings.rate < 1 or settings.waiting < 1:
        raise QuestionError("--rate and --waiting should be at least 1")
    if settings.url and not settings.url.startswith(("http://", "https://")):
        raise QuestionError(f"--url {settings.url!r}: should start with https:// or http://")


def _log(verbose: bool) -> None:
    """Warnings to stderr; the audit log, one JSON object a line, too."""
    logging.getLogger("assistant").setLevel(logging.DEBUG if verbose else logging.WARNING)
    logging.getLogger("assistant.audit").setLevel(logging.INFO)


def _mcp(options: Namespace, home: Path, url: str, say: Callable[[str], None], opening: Opening) -> int:
    import asyncio

    from assistant.channels.generations import Generations
    from assistant.channels.mcp import serve_stdio
    from assistant.channels.metrics import Metrics
    from assistant.channels.service import Service
    from assistant.channels.settings import Settings
    from assistant.channels.state import State

    service = Service(Generations(options.pack, home, say, **opening), State(url), Settings(port=0), Metrics())
    asyncio.run(serve_stdio(service))
    service.close()
    return 0


def _keys(options: Namespace, url: str) -> int:
    from assistant.channels.state import State

    state = State(url)
    if options.what == "list":
        for key in state.issued():
            _print(_shown(key), options.json)
        return 0
    if not options.name:
        raise QuestionError(f"keys {options.what} wants a name, for example: keys {options.what} slack")
    if options.what == "revoke":
        state.revoke_key(options.name)
        return 0
    return _add(state, options)


def _add(state: State, options: Namespace) -> int:
    key, token = state.add_key(options.name, options.scope or ["ask", "feedback"], options.days)
    if options.json:
        _print({**_shown(key), "token": token}, as_json=True)
    else:
        print(token)
        print("assistant: this is shown once and stored nowhere; keep it", file=sys.stderr)
    return 0


def _shown(key: Key) -> dict[str, str]:
    ends = "revoked" if key.revoked else f"until {_day(key.expires)}" if key.expires else "no end"
    return {
        "id": key.id, "name": key.name, "scopes": " ".join(key.scopes), "created": _day(key.created),
        "state": ends if key.valid(time.time()) or key.revoked else f"expired {_day(key.expires or 0.0)}",
    }  # fmt: skip


def _day(at: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(at))


def _print(row: dict[str, str], as_json: bool) -> None:
    print(json.dumps(row) if as_json else "  ".join(row.values()))


def feedback(home: Path, url: str) -> State:
    """The state with all the feedback that was given, that of earlier versions too. MissingExtra as `run`."""
    try:
        from assistant.channels.inbox import move
        from assistant.channels.state import State
    except ModuleNotFoundError as error:
        raise MissingExtra(f"feedback needs {error.name}; pip install 'azure-backup-assistant[serve]'") from None
    state = State(url)
    move(home, state)
    return state


def _feedback(options: Namespace, home: Path, url: str) -> int:
    """Print every record; forget those that were printed, once they are out, where that was asked for."""
    state = feedback(home, url)
    records = list(state.feedback())
    for record in records:
        print(json.dumps(record))
    if options.forget:
        sys.stdout.flush()
        state.forget_feedback([record["id"] for record in records])
    return 0
