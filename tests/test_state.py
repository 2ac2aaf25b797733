"""The state, on SQLite and on PostgreSQL: what is kept, what gives way, what two processes may do at once."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from assistant.channels import state as rooms
from assistant.channels.state import Conflict, OtherRequest, State, StateError, metadata, window
from assistant.errors import UnknownName


@pytest.fixture
def state(state_url: str) -> Iterator[State]:
    one = State(state_url)
    yield one
    one.close()


def engine(state: State) -> sa.Engine:
    return state._engine


# ---- the schema


def test_the_migrations_make_the_tables_that_are_used(state: State) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with engine(state).connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_opening_again_keeps_everything(state: State, state_url: str) -> None:
    state.remember("a", "c", ("q",), 0)
    again = State(state_url)
    assert again.turns("a", "c") == (("q",), 1)
    again.close()


def test_ten_may_open_an_empty_state_at_once(state_url: str) -> None:
    with ThreadPoolExecutor(10) as pool:
        opened = list(pool.map(lambda _: State(state_url), range(10)))
    assert all(one.alive() for one in opened)
    for one in opened:
        one.close()


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://x/y", "sqlite:////proc/nothing/state.db", "postgresql+psycopg://x@127.0.0.1:1/y"]
)
def test_a_state_that_cannot_be_opened_says_so_in_a_line(url: str) -> None:
    with pytest.raises(StateError, match="state "):
        State(url)


def test_a_secret_in_the_url_is_not_told() -> None:
    with pytest.raises(StateError) as caught:
        State("postgresql+psycopg://us:hunter2@127.0.0.1:1/y")
    assert "hunter2" not in str(caught.value)


# ---- conversations


def test_a_conversation_is_its_questions_in_order(state: State) -> None:
    assert state.turns("a", "c") == ((), 0)
    state.remember("a", "c", ("one",), 0)
    state.remember("a", "c", ("one", "twö \x7f 🙂"), 1)
    assert state.turns("a", "c") == (("one", "twö \x7f 🙂"), 2)


def test_conversations_of_two_owners_do_not_meet(state: State) -> None:
    state.remember("a", "c", ("mine",), 0)
    assert state.turns("b", "c") == ((), 0)


def test_of_two_turns_at_once_one_is_told(state: State) -> None:
    state.remember("a", "c", ("one",), 0)
    for version in (0, 0, 2):
        with pytest.raises(Conflict):
            state.remember("a", "c", ("other",), version)
    assert state.turns("a", "c") == (("one",), 1)


def test_no_turn_is_lost_among_many_at_once(state: State) -> None:
    def add(number: int) -> None:
        while True:
            turns, version = state.turns("a", "c")
            try:
                return state.remember("a", "c", (*turns, str(number)), version)
            except Conflict:
                continue

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    assert sorted(map(int, state.turns("a", "c")[0])) == list(range(40))


@given(st.lists(st.text(max_size=3), max_size=120))
def test_a_window_is_the_end_of_the_turns_and_its_start_moves_in_steps(turns: list[str]) -> None:
    kept = window(turns)
    assert list(kept) == turns[len(turns) - len(kept) :]
    assert (len(turns) - len(kept)) % 16 == 0
    assert len(kept) == len(turns) if len(turns) <= 32 else 16 < len(kept) <= 32


def test_a_window_of_a_window_grows_as_the_whole_would() -> None:
    kept: tuple[str, ...] = ()
    for number in range(100):
        kept = window((*kept, str(number)))
        assert (len(kept) <= 32, kept[-1]) == (True, str(number))


# ---- expiry


def test_what_is_older_than_a_day_is_forgotten(state: State) -> None:
    for name in ("old", "new"):
        state.remember("a", name, ("q",), 0)
        state.reserve("a", name, "f")
        state.first_time("x", name)
    old = time.time() - rooms.DAY - 1
    with engine(state).begin() as connection:
        connection.execute(sa.update(rooms.conversation).where(rooms.conversation.c.id == "old").values(updated=old))
        connection.execute(sa.update(rooms.idempotency).where(rooms.idempotency.c.key == "old").values(at=old))
        connection.execute(sa.update(rooms.event).where(rooms.event.c.id == "old").values(at=old))
    state.expire()
    assert (state.turns("a", "old"), state.turns("a", "new")) == (((), 0), (("q",), 1))
    assert (state.first_time("x", "old"), state.first_time("x", "new")) == (True, False)
    assert state.reserve("a", "old", "f").ours
    with pytest.raises(Conflict):
        state.reserve("a", "new", "f")


def test_the_longest_unused_conversations_give_way(state: State) -> None:
    now = time.time()
    rows = [
        {"owner": "a", "id": str(n), "turns": "[]", "version": 1, "updated": now - 20_000 + n} for n in range(10_050)
    ]
    with engine(state).begin() as connection:
        connection.execute(sa.insert(rooms.conversation), rows)
    state.expire()
    with engine(state).connect() as connection:
        left = connection.execute(sa.select(sa.func.count(), sa.func.min(rooms.conversation.c.updated))).one()
    assert (left[0], round(left[1] - now + 20_000)) == (10_000, 50)


# ---- once and only once


def test_an_event_is_new_once_even_among_many(state: State) -> None:
    with ThreadPoolExecutor(8) as pool:
        met = list(pool.map(lambda _: state.first_time("slack", "e1"), range(24)))
    assert sorted(met) == [False] * 23 + [True]


def test_a_reserved_key_is_given_once_among_many(state: State) -> None:
    def take(_: int) -> bool:
        try:
            return state.reserve("a", "k", "f").ours
        except Conflict:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(take, range(24))) == [False] * 23 + [True]


def test_a_finished_key_gives_its_response_and_another_request_is_refused(state: State) -> None:
    state.reserve("a", "k", "f")
    state.finish("a", "k", "said")
    assert state.reserve("a", "k", "f").body == "said"
    with pytest.raises(OtherRequest):
        state.reserve("a", "k", "g")
    assert state.reserve("b", "k", "g").ours


def test_a_key_whose_process_was_killed_is_free_again_after_a_minute(state: State) -> None:
    state.reserve("a", "k", "f")
    with engine(state).begin() as connection:
        connection.execute(sa.update(rooms.idempotency).values(at=time.time() - 61))
    assert state.reserve("a", "k", "f").ours


# ---- feedback


def test_feedback_comes_back_in_order(state: State) -> None:
    for number in range(3):
        state.add_feedback("a", {"turns": ["ä\n"], "number": number})
    assert [(f["by"], f["turns"], f["number"]) for f in state.feedback()] == [("a", ["ä\n"], n) for n in range(3)]


# ---- keys


def test_a_key_is_stored_as_its_hash_only(state: State) -> None:
    key, token = state.add_key("bot", ["ask"], None)
    secret = token.partition(f"{key.id}-")[2]  # may hold "-" itself
    with engine(state).connect() as connection:
        stored = repr(connection.execute(sa.select(rooms.api_key)).all())
    assert secret not in stored
    assert (state.key(key.id), key.valid(time.time())) == (key, True)


def test_keys_end(state: State) -> None:
    short, _ = state.add_key("short", ["ask"], 1.0)
    assert [short.valid(time.time() + s) for s in (0, 86_000, 86_500)] == [True, True, False]
    state.revoke_key(short.id)
    assert [k.valid(time.time()) for k in state.issued()] == [False]


def test_unknown_scopes_and_keys_are_told(state: State) -> None:
    with pytest.raises(UnknownName, match="unknown scope 'asks'; did you mean 'ask'"):
        state.add_key("x", ["asks"])
    with pytest.raises(UnknownName, match="unknown key"):
        state.revoke_key("nope")


# ---- a process that is killed


def test_what_was_kept_survives_a_kill(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'state.db'}"
    code = (
        "import sys; from assistant.channels.state import State; s = State(sys.argv[1]); n = 0\n"
        "while True: s.add_feedback('a', {'number': n}); print(n, flush=True); n += 1"
    )
    for _ in range(5):
        with subprocess.Popen([sys.executable, "-c", code, url], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout
            told = [writer.stdout.readline() for _ in range(30)]
            writer.kill()
            told += writer.stdout.readlines()
        state = State(url)
        kept = [f["number"] for f in state.feedback()]
        state.close()
        last = max(int(line) for line in told if line.endswith("\n"))
        this = kept[len(kept) - 1 - kept[::-1].index(0) :]
        assert this == list(range(len(this)))
        assert len(this) > last
