"""Conversations in, replies out, in the order in which they are done: several processes, each with one open target.

Plain processes and pipes, because a pool of the standard library can neither stop a call that hangs nor say which died.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Literal

from assistant.errors import TargetError
from assistant.evals.reply import Reply
from assistant.evals.targets import Opening, Target

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

_START = 600.0
"""Seconds that a target may take to open: the first may have to build an index."""
_WORTH = 20
"""Conversations for which another process is worth its start."""


@dataclass(frozen=True, slots=True)
class Task:
    """One conversation, or one text, to be put to a target."""

    key: str
    kind: Literal["ask", "text"]
    turns: tuple[str, ...]
    repeat: int = 0
    """1 for a second time of asking, to see whether the same bytes come back."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a task: a reply per turn as JSON, and the seconds that each took."""

    task: Task
    replies: tuple[str, ...]
    seconds: tuple[float, ...]


@dataclass(slots=True)
class _Worker:
    process: SpawnProcess
    pipe: Connection
    task: Task | None = None
    deadline: float = 0.0


def cores() -> int:
    """Processors that this process may use."""
    count = getattr(os, "process_cpu_count", None)
    if count:
        return count() or 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def work(tasks: Sequence[Task], opening: Opening, processes: int = 0) -> Iterator[Done]:
    """Put every task to the target. TargetError when it cannot be opened, is late, dies or answers garbage.

    `processes` 0 takes as many as there are processors. A target has `opening.timeout` seconds per turn.
    """
    number = max(1, min(processes or cores(), -(-len(tasks) // _WORTH)))
    context = multiprocessing.get_context("spawn")
    crew = [_hired(context, opening) for _ in range(number)] if tasks else []
    try:
        yield from _directed(crew, deque(tasks), opening.timeout)
    finally:
        for worker in crew:
            worker.pipe.close()
            worker.process.kill()
            worker.process.join()


def _hired(context: multiprocessing.context.SpawnContext, opening: Opening) -> _Worker:
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, opening), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours, deadline=time.monotonic() + _START)


def _directed(crew: Sequence[_Worker], tasks: deque[Task], timeout: float) -> Iterator[Done]:
    """Hand out tasks as workers become free, until all are done."""
    busy = {w.pipe: w for w in crew}
    while busy:
        late = min(w.deadline for w in busy.values())
        for pipe in wait(list(busy), timeout=max(0.0, late - time.monotonic())):
            worker = busy.pop(pipe)  # type: ignore[call-overload]  # wait() returns what it was given
            done = _heard(worker)
            if done:
                yield done
            if tasks:
                _give(worker, tasks.popleft(), timeout)
                busy[worker.pipe] = worker
        for worker in busy.values():
            if worker.deadline < time.monotonic() and not worker.pipe.poll():
                raise TargetError(f"{_what(worker)}: no answer within {timeout:g} s a turn; see --timeout")


def _give(worker: _Worker, task: Task, timeout: float) -> None:
    worker.task = task
    worker.deadline = time.monotonic() + timeout * len(task.turns)
    with suppress(OSError):  # of a process that has just died the next `_heard` will tell
        worker.pipe.send(task)


def _heard(worker: _Worker) -> Done | None:
    try:
        message = worker.pipe.recv()
    except (EOFError, OSError):
        worker.process.join(5)
        raise TargetError(f"{_what(worker)}: the target's process died (exit code {worker.process.exitcode})") from None
    if isinstance(message, str):
        raise TargetError(f"{_what(worker)}: {message}")
    return message if isinstance(message, Done) else None


def _what(worker: _Worker) -> str:
    return worker.task.key if worker.task else "opening the target"


# ---- in the other process


def _serve(pipe: Connection, opening: Opening) -> None:
    """Open the target, then answer tasks until the pipe is closed; a text sent back is why it ends."""
    os.dup2(2, 1)  # what a target prints is talk, and stdout is data
    try:
        target = opening.open()
        pipe.send(None)
        while True:
            pipe.send(answered(pipe.recv(), target))
    except TargetError as error:
        pipe.send(str(error))
    except (EOFError, BrokenPipeError):
        return
    except Exception as error:  # noqa: BLE001  # the target's own failure to open, told to the parent
        pipe.send(f"{type(error).__name__}: {error}")


def answered(task: Task, target: Target) -> Done:
    """Put one task to a target. What it raises is its reply to that turn and to those that can follow no more."""
    replies: list[str] = []
    seconds: list[float] = []
    talk = target.converse(task.turns) if task.kind == "ask" else (target.check(text) for text in task.turns)
    error = ""
    for _ in task.turns:
        start = time.perf_counter()
        try:
            reply = Reply(error=error) if error else next(talk)
        except TargetError:
            raise
        except Exception as raised:  # noqa: BLE001  # whatever a target raises is a failed case, not a failed run
            error = f"{type(raised).__name__}: {raised}"
            reply = Reply(error=error)
        replies.append(reply.to_json())
        seconds.append(round(time.perf_counter() - start, 6))
    return Done(task, tuple(replies), tuple(seconds))
