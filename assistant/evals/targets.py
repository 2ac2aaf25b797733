"""What is evaluated, by name: our own assistant, a Python callable, or an HTTP endpoint that returns our Answer."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol, cast
from uuid import uuid4

from assistant.engine import Assistant
from assistant.errors import TargetError
from assistant.evals.reply import Reply, parsed
from assistant.types import Answer

_HITS = 10
_DEPTH = 60
"""Units searched for so many sections."""
_MOST = 4 * 2**20
"""Bytes of an HTTP answer; ours are about 4 kB."""


class Target(Protocol):
    """Something that can be asked."""

    def converse(self, turns: Sequence[str]) -> Iterator[Reply]:
        """One reply per turn, each asked only when the one before has been taken."""

    def check(self, text: str) -> Reply:
        """How the claims of a text stand; a reply without `claims` when the target checks no texts."""


@dataclass(frozen=True)
class Opening:
    """How to open a target, in any process."""

    spec: str
    """Empty for our own assistant, else ``py:module:name`` or ``http(s)://…``."""
    pack: Path
    """Our own assistant's pack."""
    home: Path | None = None
    embedding: str | None = None
    """Folder of another embedding model for it."""
    timeout: float = 60.0
    """Seconds per turn."""

    def open(self) -> Target:
        """The target itself. TargetError when there is none."""
        if not self.spec:
            return _Conversational(Assistant.load(self.pack, home=self.home, embedding=self.embedding, say=_say))
        if self.spec.startswith(("http://", "https://")):
            return _Http(self.spec, self.timeout)
        if self.spec.startswith("py:"):
            return _imported(self.spec)
        raise TargetError(f"--target {self.spec}: should be py:module:name or http://host:port/path")


def _say(step: str) -> None:
    sys.stderr.write(f"{step}\n")


def _imported(spec: str) -> Target:
    module, _, name = spec.removeprefix("py:").partition(":")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module), name)
    except Exception as error:
        raise TargetError(
            f"--target {spec}: {type(error).__name__}: {error}; name a module and something in it"
        ) from error
    if hasattr(found, "ask"):
        return _Conversational(cast("_Asked", found))
    if callable(found):
        return _Function(spec, found)
    raise TargetError(
        f"--target {spec}: is a {type(found).__name__}; it should be a function of the turns, or have `ask`"
    )


# ---- our own, and whatever has the same verbs


class _Asked(Protocol):
    def ask(self, question: str, after: Answer | None = None) -> Answer: ...


class _Conversational:
    """Has `ask(question, after=answer)`; `verify(text)` and `places(reading, k)` are used where they are there."""

    def __init__(self, asked: _Asked) -> None:
        self.asked = asked

    def converse(self, turns: Sequence[str]) -> Iterator[Reply]:
        answer: Answer | None = None
        for turn in turns:
            answer = self.asked.ask(turn, after=answer)
            yield parsed({**answer.to_dict(), **self._found(answer), "reading": _read(answer)}, "ask")

    def check(self, text: str) -> Reply:
        verify = getattr(self.asked, "verify", None)
        if verify is None:
            return Reply()
        return parsed({"claims": [asdict(claim) for claim in verify(text).claims]}, "verify")

    def _found(self, answer: Answer) -> Mapping[str, object]:
        """The best sections for what was searched, each once."""
        places = getattr(self.asked, "places", None)
        if places is None or answer.reading is None:
            return {}
        sections = dict.fromkeys(h.section.id for h in places(answer.reading, _DEPTH))
        return {"hits": [{"section_id": s} for s in list(sections)[:_HITS]]}


def _read(answer: Answer) -> list[str]:
    reading = answer.reading
    if reading is None:
        return []
    heard = [
        f"{m.words!r} is {m.dimension} {'not ' if m.negated else ''}{', '.join(m.values)}" for m in reading.mentions
    ]
    return [f"{reading.kind}, decision {reading.decision}, by {', '.join(reading.cues) or 'nothing'}", *heard]


# ---- a function of the turns


class _Function:
    """Called with all turns so far; returns an Answer, its JSON form, or plain text."""

    def __init__(self, spec: str, function: Callable[[list[str]], object]) -> None:
        self.spec, self.function = spec, function

    def converse(self, turns: Sequence[str]) -> Iterator[Reply]:
        for n in range(1, len(turns) + 1):
            said = self.function(list(turns[:n]))
            yield parsed(said.to_dict() if isinstance(said, Answer) else said, self.spec)

    def check(self, text: str) -> Reply:  # noqa: ARG002  # a function of turns checks no texts
        return Reply()


# ---- HTTP


class _Http:
    """POST {"question"} to the address, ``/v1/ask`` of a bare host; the turns of one conversation share a "conversation" id.

    ASSISTANT_API_KEY, when it is set, goes along as a bearer token.
    """

    def __init__(self, url: str, timeout: float) -> None:
        scheme, _, rest = url.partition("://")
        host, _, path = rest.partition("/")
        self.url = url if path else f"{scheme}://{host}/v1/ask"
        self.timeout = timeout

    def converse(self, turns: Sequence[str]) -> Iterator[Reply]:
        talk = {"conversation": f"eval-{uuid4().hex}"} if len(turns) > 1 else {}
        for turn in turns:
            yield self._post({"question": turn, **talk})

    def check(self, text: str) -> Reply:  # noqa: ARG002  # no agreed form for texts over HTTP yet
        return Reply()

    def _post(self, body: Mapping[str, object]) -> Reply:
        from urllib.error import HTTPError
        from urllib.request import Request, urlopen

        head = {"Content-Type": "application/json", "Accept": "application/json"}
        key = os.environ.get("ASSISTANT_API_KEY")
        if key:
            head["Authorization"] = f"Bearer {key}"
        request = Request(self.url, json.dumps(body).encode(), head)  # noqa: S310  # http(s) only, see Opening.open
        try:
            with urlopen(request, timeout=self.timeout) as response:  # noqa: S310
                raw = response.read(_MOST + 1)
        except HTTPError as error:
            if error.code in {400, 422}:
                return Reply(error=f"HTTP {error.code}: {error.read(300).decode('utf-8', 'replace')}")
            raise TargetError(f"{self.url}: HTTP {error.code} {error.reason}") from None
        except TimeoutError:
            raise TargetError(f"{self.url}: no answer within {self.timeout:g} s; see --timeout") from None
        except OSError as error:
            raise TargetError(f"{self.url}: {getattr(error, 'reason', error)}") from None
        return self._read(raw)

    def _read(self, raw: bytes) -> Reply:
        if len(raw) > _MOST:
            raise TargetError(f"{self.url}: the answer is larger than {_MOST // 2**20} MB")
        try:
            return parsed(json.loads(raw), self.url)
        except (ValueError, RecursionError):
            raise TargetError(f"{self.url}: {raw[:60]!r} is not JSON") from None
