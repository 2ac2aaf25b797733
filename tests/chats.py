"""What the tests of team chats share: a desk over the real assistant, answers made by hand, servers on loopback."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import uvicorn
from starlette.types import ASGIApp

from assistant.channels.chat import Rating
from assistant.engine import Assistant
from assistant.types import Answer, Ask, Citation, Finding, Verification

PAGE = "https://help.example/sources/a#c7-19"
CITATION = Citation(1, "a#b", "Tools & agents", ("A", "Tools & agents"), PAGE, "2019-11", "x < y & z", 7, 16, 0, 8)
ANSWER = Answer(
    "ans_0123456789abcdef01234567", "Can it?", "not_supported", "No: x < y & z. [1]\n\nState of the documents: 2019. [2]",
    citations=(CITATION,), findings=(Finding("R-1", "not_supported", "It *cannot*.", 1),), edition="2019-11", pack="p@1",
)  # fmt: skip
QUESTION = "Can DPM back up Linux servers on-premises?"
"""Of the shipped pack: it depends on whether the machine is virtual."""


def asking(*words: str) -> Answer:
    """An answer that asks back, with these words to choose from."""
    options = tuple((w, w) for w in words)
    return replace(ANSWER, status="depends", ask=Ask("kind", "Virtual or physical?", options))


WRONG = "I am sure MARS can back up our Linux servers on-premises."
"""A claim that the shipped pack contradicts."""


@dataclass
class Desk:
    """The real assistant at a desk of one process; `wait` holds its answers back."""

    helper: Assistant
    wait: Callable[[], object] = lambda: None
    answers: dict[str, Answer] = field(default_factory=dict)
    events: set[str] = field(default_factory=set)
    ratings: list[Rating] = field(default_factory=list)

    async def ask(self, conversation: str, question: str) -> Answer:
        await asyncio.to_thread(self.wait)
        self.answers[conversation] = self.helper.ask(question, after=self.answers.get(conversation))
        return self.answers[conversation]

    async def last(self, conversation: str) -> Answer | None:
        return self.answers.get(conversation)

    async def seen(self, event: str) -> bool:
        known = event in self.events
        self.events.add(event)
        return known

    async def verify(self, text: str) -> Verification:
        return self.helper.verify(text)

    async def rate(self, rating: Rating) -> None:
        self.ratings.append(rating)


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """An application on a loopback port of its own, as its address."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
        thread.start()
        until(lambda: server.started)
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
        server.should_exit = True
        thread.join(5)


def until(done: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait for something; AssertionError when it does not come."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
