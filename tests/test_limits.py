"""Requests a minute: one bucket for all processes on a state, whatever they do at once, and one each when the state fails."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from assistant.channels.limits import Limits
from assistant.channels.problem import Problem
from assistant.channels.state import State


@pytest.fixture
def state(state_url: str) -> Iterator[State]:
    one = State(state_url)
    yield one
    one.close()


@pytest.fixture
def other(state_url: str) -> Iterator[State]:
    one = State(state_url)
    yield one
    one.close()


async def taken(limits: Limits, times: int, caller: str = "k") -> int:
    """How many of so many requests were let in."""

    async def once() -> bool:
        try:
            await limits.take(caller)
        except Problem:
            return False
        return True

    return sum(await asyncio.gather(*(once() for _ in range(times))))


def process(url: str, rate: int, times: int, found: multiprocessing.Queue[int]) -> None:
    state = State(url)
    found.put(asyncio.run(taken(Limits(rate, state), times)))
    state.close()


def test_processes_that_share_a_state_let_in_one_rate(state_url: str) -> None:
    State(state_url).close()
    context = multiprocessing.get_context("spawn")
    found: multiprocessing.Queue[int] = context.Queue()
    began = time.monotonic()
    running = [context.Process(target=process, args=(state_url, 30, 60, found)) for _ in range(4)]
    for one in running:
        one.start()
    let_in = sum(found.get(timeout=60) for _ in running)
    for one in running:
        one.join()
    assert 30 <= let_in <= 30 + (time.monotonic() - began) / 2 + 1


async def test_what_is_left_is_told_by_every_process(state: State, other: State) -> None:
    both = [Limits(4, state), Limits(4, other)]
    told = [(await both[n % 2].take("k"))["x-ratelimit-remaining"] for n in range(4)]
    assert told == ["3", "2", "1", "0"]
    with pytest.raises(Problem) as caught:
        await both[0].take("k")
    headers = dict(caught.value.headers or {})
    assert (caught.value.status_code, headers["retry-after"], headers["x-ratelimit-remaining"]) == (429, "15", "0")
    assert 14_000 < int(headers["retry-after-ms"]) <= 15_000
    assert (await both[0].take("other"))["x-ratelimit-remaining"] == "3"


async def test_who_waits_as_long_as_told_is_let_in(state: State) -> None:
    limits = Limits(120, state)
    assert await taken(limits, 120) == 120
    with pytest.raises(Problem) as caught:
        await limits.take("k")
    await asyncio.sleep(int(dict(caught.value.headers or {})["retry-after-ms"]) / 1000)
    await limits.take("k")


async def test_a_caller_over_the_limit_costs_the_state_nothing(state: State) -> None:
    limits, asked = Limits(2, state), list[str]()
    sa.event.listen(state._brisk, "before_cursor_execute", lambda *said: asked.append(said[2]))
    assert await taken(limits, 2) == 2
    before = len(asked)
    assert (await taken(limits, 500), len(asked)) == (0, before)


async def test_without_the_state_each_process_counts_alone_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    limits = Limits(5, State(f"sqlite:///{tmp_path / 'state.db'}"))
    await limits.take("k")
    with sqlite3.connect(tmp_path / "state.db") as connection:
        connection.execute("ALTER TABLE bucket RENAME TO gone")
    with caplog.at_level(logging.WARNING, "assistant.limits"):
        assert (await taken(limits, 20), await taken(limits, 20, "new")) == (4, 5)
    assert [r.getMessage().partition(":")[0] for r in caplog.records] == ["requests are counted in this process alone"]
    with sqlite3.connect(tmp_path / "state.db") as connection:
        connection.execute("ALTER TABLE gone RENAME TO bucket")
    assert await taken(limits, 9, "fresh") == 5


async def test_a_clock_that_is_set_back_locks_nobody_out(state: State) -> None:
    assert state.fill("k", None, time.time() + 3600)
    assert await taken(Limits(3, state), 9) == 3


def test_what_is_counted_does_not_wait_for_the_disk(state: State) -> None:
    said = "PRAGMA synchronous" if state._engine.dialect.name == "sqlite" else "SHOW synchronous_commit"
    for _ in range(2):
        with state._brisk.connect() as connection:
            assert connection.execute(sa.text(said)).scalar() in {1, "off"}
    with state._engine.connect() as connection:
        assert connection.execute(sa.text(said)).scalar() in {2, "on"}
