"""What all doors share: questions wait in one bounded line, are answered from one generation, and conversations carry on.

Answering runs on worker threads, so that the event loop stays free for those who come and go.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, replace
from functools import partial
from threading import Event, Lock
from typing import TYPE_CHECKING, TypeVar

from assistant.channels.problem import Problem
from assistant.channels.state import Conflict, State, window
from assistant.channels.traced import Step, telling
from assistant.errors import QuestionError
from assistant.types import GONE, Answer

if TYPE_CHECKING:
    from assistant.channels.generations import Generations
    from assistant.channels.metrics import Metrics
    from assistant.channels.settings import Settings
    from assistant.engine import Assistant
    from assistant.types import Citation, Hit, Verification

log = logging.getLogger("assistant.service")
T = TypeVar("T")
_WORKERS = 1
"""Threads that answer: the interpreter runs one of them at a time, and a second one cost up to a tenth."""
_DRAFTS = 16
"""Answers that a chat model words at once; others stand in the rules' own words, at once."""
_CARRIED = 512
"""Answers kept for the next turn of their conversation; a lost one is worked out again."""
_FOLLOW = 2.0
_EXPIRE = 600.0
_ATTEMPTS = 4


class Carried:
    """The last answers, by generation and turns: what a follow-up needs. Safe among threads."""

    def __init__(self) -> None:
        self._answers: OrderedDict[tuple[str, tuple[str, ...]], Answer] = OrderedDict()
        self._lock = Lock()

    def get(self, pack: str, turns: tuple[str, ...]) -> Answer | None:
        """The answer to these turns, if it is still here."""
        with self._lock:
            return self._answers.get((pack, turns))

    def put(self, pack: str, turns: tuple[str, ...], answer: Answer) -> None:
        """Keep an answer; the oldest gives way."""
        with self._lock:
            self._answers[pack, turns] = answer
            if len(self._answers) > _CARRIED:
                self._answers.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Talk:
    """Whose conversation a question belongs to; without a name it stands alone."""

    owner: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of the corridor that began."""

    name: Step


@dataclass(frozen=True, slots=True)
class Settled:
    """An answer by the rules and the documents, before a chat model words it."""

    helper: Assistant
    answer: Answer
    stages: tuple[Stage, ...]
    """The steps that led to it, each once."""
    channel: str
    before: Answer | None = None
    """The answer before it in the conversation."""


async def kept(work: Callable[[], T]) -> T:
    """Do something to the state on another thread; it is done even when the caller hangs up meanwhile."""
    return await asyncio.shield(asyncio.to_thread(work))


def _too_slow() -> Problem:
    return Problem(503, "too_slow", "no answer in time; send it again", headers={"retry-after": "2"})


class Service:
    """Answers for all doors of one process."""

    def __init__(self, generations: Generations, state: State, settings: Settings, metrics: Metrics) -> None:
        self.generations, self.state, self.settings, self.metrics = generations, state, settings, metrics
        self._carried = Carried()
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="answer")
        self._drafters = ThreadPoolExecutor(2 * _DRAFTS, thread_name_prefix="word")
        self._waiting = self._drafting = 0
        self._beside: set[asyncio.Task[None]] = set()
        self._show_generation()

    @property
    def helper(self) -> Assistant:
        """The assistant of the generation that answers now; take it once for each request."""
        return self.generations.current

    # ---- the line

    async def run(self, work: Callable[[], T]) -> T:
        """Do it on a worker thread. Problem 503 when too many are waiting; cancelling gives up a place in the line."""
        if self._waiting >= self.settings.waiting:
            self.metrics.refused.inc()
            raise Problem(
                503, "overloaded", "too many questions are waiting; send it again", headers={"retry-after": "1"}
            )
        self._waiting += 1
        self.metrics.waiting.set(self._waiting)
        done = self._workers.submit(copy_context().run, work)
        loop = asyncio.get_running_loop()
        done.add_done_callback(lambda _: loop.call_soon_threadsafe(self._leave))
        return await self._in_time(done)

    def _leave(self) -> None:
        self._waiting -= 1
        self.metrics.waiting.set(self._waiting)

    async def _in_time(self, done: Future[T]) -> T:
        try:
            return await asyncio.wait_for(asyncio.wrap_future(done), self.settings.patience)
        except TimeoutError:
            self.metrics.refused.inc()
            raise _too_slow() from None

    def _must_be_ready(self) -> None:
        if not self.generations.ready:
            raise Problem(503, "not_ready", "the index is being opened; send it again", headers={"retry-after": "2"})

    # ---- the verbs

    async def ask(self, question: str, talk: Talk, channel: str) -> Answer:
        """The answer to the next question of a conversation, its links leading to our pages. QuestionError as `Assistant.ask`."""
        return await self.whole(await self.settle(question, talk, channel))

    async def reply(self, turns: Sequence[str], channel: str) -> Answer:
        """The answer to the last of these turns, the ones before it carried; earlier ones that cannot be read are skipped."""
        return await self.whole(await self.recall(turns, channel))

    async def whole(self, settled: Settled) -> Answer:
        """A settled answer, worded to its end."""
        return [piece async for piece in self.word(settled) if isinstance(piece, Answer)][-1]

    async def settle(self, question: str, talk: Talk, channel: str) -> Settled:
        """As `ask`, without a model's words; the turn is remembered."""
        if not talk.name:
            return await self.recall((question,), channel)
        self._must_be_ready()
        for _ in range(_ATTEMPTS):
            turns, version = await kept(partial(self.state.turns, talk.owner, talk.name))
            now = window((*turns, question))
            settled = await self.run(partial(self._settle, self.helper, now, channel))
            with suppress(Conflict):
                await kept(partial(self.state.remember, talk.owner, talk.name, now, version))
                return settled
        raise Conflict(f"conversation {talk.name!r} is busy; send the question again")

    async def recall(self, turns: Sequence[str], channel: str) -> Settled:
        """As `reply`, without a model's words."""
        self._must_be_ready()
        return await self.run(partial(self._settle, self.helper, window(turns), channel))

    async def word(self, settled: Settled, gone: Callable[[], bool] = bool) -> AsyncIterator[Stage | str | Answer]:
        """A settled answer in pieces of text, each proven, with the steps on the way, and at last the Answer.

        As soon as `gone` says that nobody listens, or the caller is cancelled, the model is left alone.
        """
        if settled.helper.drafter is None:
            yield settled.answer.text
            yield self._leaves(settled.answer, settled.channel)
            return
        told: asyncio.Queue[Stage | str | Answer | Exception] = asyncio.Queue()
        loop, left = asyncio.get_running_loop(), Event()
        free = self._drafting < _DRAFTS
        self._drafting += 1

        def stopped() -> str:
            return GONE if left.is_set() or gone() else "" if free else "too many drafts at once"

        def tell(piece: Stage | str | Answer | Exception) -> None:
            loop.call_soon_threadsafe(told.put_nowait, piece)

        def work() -> None:
            try:
                with telling(lambda step: tell(Stage(step))):
                    for piece in settled.helper.word(settled.answer, stopped, settled.before):
                        if isinstance(piece, Answer):
                            self.metrics.spent(piece)
                        tell(piece)
            except Exception as error:  # noqa: BLE001  # whatever it is, the caller's side raises it
                tell(error)

        try:
            self._drafters.submit(copy_context().run, work)
            while not isinstance(piece := await told.get(), Answer):
                if isinstance(piece, Exception):
                    raise piece
                yield piece
            yield self._leaves(piece, settled.channel)
        finally:
            left.set()
            self._drafting -= 1

    async def history(self, talk: Talk) -> tuple[Answer, ...]:
        """The answers of a conversation so far, oldest first, as this generation gives them."""
        self._must_be_ready()
        helper, deadline = self.helper, time.monotonic() + self.settings.patience
        turns, _ = await kept(partial(self.state.turns, talk.owner, talk.name))
        answers = await self.run(lambda: [self._after(helper, turns[:n], deadline) for n in range(1, len(turns) + 1)])
        return tuple(a for a in answers if a)

    async def search(self, query: str, k: int) -> list[Hit]:
        """The `k` best places for a query."""
        self._must_be_ready()
        helper = self.helper
        return await self.run(lambda: helper.search(query, k))

    async def verify(self, text: str) -> Verification:
        """The claims of a text, links leading to our pages; needs no index. QuestionError as `Assistant.verify`."""
        helper = self.helper
        found = await self.run(lambda: helper.verify(text))
        if not self.settings.base:
            return found
        linked = (replace(c, citations=tuple(replace(x, url=self.link(x)) for x in c.citations)) for c in found.claims)
        return replace(found, claims=tuple(linked))

    def _leaves(self, answer: Answer, channel: str) -> Answer:
        self.metrics.answered(channel, answer)
        return self.served(answer)

    def _settle(self, helper: Assistant, turns: tuple[str, ...], channel: str) -> Settled:
        deadline, steps = time.monotonic() + self.settings.patience, list[Step]()
        before = self._after(helper, turns[:-1], deadline)
        with telling(steps.append):
            answer = helper.settle(turns[-1], after=before)
        self._carried.put(helper.pack.digest, turns, answer)
        return Settled(helper, answer, tuple(Stage(one) for one in dict.fromkeys(steps)), channel, before)

    def _after(self, helper: Assistant, turns: tuple[str, ...], deadline: float) -> Answer | None:
        """The answer before; worked out again from the last turn that is still known, as long as somebody waits."""
        known = next((n for n in range(len(turns), 0, -1) if self._carried.get(helper.pack.digest, turns[:n])), 0)
        answer = self._carried.get(helper.pack.digest, turns[:known])
        for number in range(known + 1, len(turns) + 1):
            if time.monotonic() > deadline:
                raise _too_slow()
            with suppress(QuestionError):
                answer = helper.settle(turns[number - 1], after=answer)
                self._carried.put(helper.pack.digest, turns[:number], answer)
        return answer

    def go_on(self, work: Coroutine[object, object, None]) -> None:
        """Do it beside, to its end, whoever hangs up."""
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    # ---- links

    def served(self, answer: Answer) -> Answer:
        """The same answer with every citation leading to our own page of its document, where there is one."""
        if not self.settings.base:
            return answer
        return replace(answer, citations=tuple(replace(c, url=self.link(c)) for c in answer.citations))

    def link(self, citation: Citation) -> str:
        """The address of the page that shows a passage."""
        return self.page(citation.section_id.partition("#")[0], citation.start, citation.end)

    def page(self, document: str, start: int, end: int) -> str:
        """The address of the page that shows these characters of a document; of the public one where ours is not served."""
        if not self.settings.base:
            return self.helper.pack.document(document).url
        return f"{self.settings.base}/sources/{document}#c{start}-{end}"

    @property
    def pack_now(self) -> str:
        """Name and digest of the pack that answers now."""
        return f"{self.helper.pack.name}@{self.helper.pack.digest[:12]}"

    # ---- what goes on beside

    async def open(self) -> None:
        """Open the index in the background; ends the process's patience with a log line when it cannot be had."""
        await asyncio.to_thread(self.generations.open)
        self._show_generation()

    async def follow(self) -> None:
        """Look for a new generation every two seconds, and tidy the state every ten minutes, until cancelled."""
        passed = 0.0
        while True:
            await asyncio.sleep(_FOLLOW)
            try:
                if await asyncio.to_thread(self.generations.follow):
                    self._show_generation()
                passed += _FOLLOW
                if passed >= _EXPIRE:
                    passed = 0.0
                    await asyncio.to_thread(self.state.expire)
            except Exception:
                log.exception("looking after the state and the generations failed; it is tried again")

    def _show_generation(self) -> None:
        self.metrics.answers_from(self.pack_now)

    def close(self) -> None:
        """Let running answers end, refuse waiting ones, and give the state back."""
        self._workers.shutdown(wait=True, cancel_futures=True)
        self._drafters.shutdown(wait=False, cancel_futures=True)
        self.state.close()
