"""Feedback: one record whoever gives it, and the file of earlier versions moved into the state without losing a line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path

import pytest
import sqlalchemy as sa

from assistant.channels import state as rooms
from assistant.channels.inbox import Opinion, move, record
from assistant.channels.state import Full, State, StateError
from assistant.cli import main
from assistant.types import Answer, Citation

PLACE = Citation(1, "a#b", "B", ("A", "B"), "", "2020", "words", 0, 5, 0, 3)
ANSWER = Answer("ans_1", "Q?", "supported", "Yes. [1]", citations=(PLACE,), edition="2020-01", pack="p@1")
OLD = {"turns": ["P?", "Q?"], "answer": {"id": "ans_1", "status": "supported"}, "rating": "down", "reason": "misread"}


def inbox(home: Path, *lines: object) -> Path:
    file = home / "feedback" / "inbox.jsonl"
    file.parent.mkdir(exist_ok=True)
    with file.open("a", encoding="utf-8") as out:
        out.writelines((x if isinstance(x, str) else json.dumps(x)) + "\n" for x in lines)
    return file


def kept(state: State) -> list[dict[str, object]]:
    return [{k: v for k, v in one.items() if k not in {"id", "at", "by"}} for one in state.feedback()]


# ---- the record


def test_a_record_holds_what_was_asked_answered_and_said() -> None:
    assert record(("P?", "Q?"), ANSWER, "p@1", Opinion("down", "misread", "Nö\nnever")) == {
        "answer_id": "ans_1",
        "turns": ["P?", "Q?"],
        "rating": "down",
        "reason": "misread",
        "correction": "Nö\nnever",
        "answer": ANSWER.to_dict(),
        "versions": {"assistant": version("azure-backup-assistant"), "pack": "p@1"},
    }


def test_an_answer_that_is_gone_leaves_its_id() -> None:
    one = record(["Q?"], "ans_9", "p@2", Opinion("up"))
    assert (one["answer_id"], one["answer"], one["reason"], one["correction"]) == ("ans_9", None, None, None)


def test_long_words_and_lone_surrogates_are_kept_as_far_as_they_go(tmp_path: Path) -> None:
    state = State(f"sqlite:///{tmp_path / 'state.db'}")
    state.add_feedback("page", record(("\ud800",), ANSWER, "p@1", Opinion("sideways", correction="y" * 20_000)))
    (one,) = kept(state)
    assert (one["turns"], one["rating"], len(str(one["correction"]))) == (["\ud800"], "down", 10_000)
    state.close()


# ---- where it is kept


def flood(url: str) -> None:
    state = State(url)
    for n in range(50):
        state.add_feedback("page", record((f"{n} " + "x" * 3000,), ANSWER, "p@1", Opinion("up")))
    state.close()


def test_several_processes_lose_and_mix_nothing(state_url: str) -> None:
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(flood, [state_url] * 4))
    state = State(state_url)
    asked = sorted(str(one["turns"][0]) for one in state.feedback())  # type: ignore[index]
    assert asked == sorted(f"{n} " + "x" * 3000 for n in range(50) for _ in range(4))
    state.close()


def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path) -> None:
    state = State(f"sqlite:///{tmp_path / 'state.db'}")
    sa.event.listen(state._engine, "connect", lambda c, _: c.execute("PRAGMA max_page_count=60"))
    state._engine.dispose()  # so that connections are made anew, on a disk that has room for 60 pages
    given = 0

    def fill() -> None:
        nonlocal given
        while True:
            state.add_feedback("page", {"turns": [str(given) * 500]})
            given += 1

    with pytest.raises(StateError, match=r"state\.db: database or disk is full"):
        fill()
    assert given > 3
    assert [one["turns"] for one in state.feedback()] == [[str(n) * 500] for n in range(given)]
    state.close()


def test_what_nobody_takes_away_is_not_heaped_up_for_ever(tmp_path: Path) -> None:
    state = State(f"sqlite:///{tmp_path / 'state.db'}")
    with state._engine.begin() as connection:
        rows = [{"owner": "a", "at": 0.0, "record": json.dumps({"n": n})} for n in range(10_000)]
        connection.execute(sa.insert(rooms.feedback), rows)
    with pytest.raises(Full, match="10,000 records of feedback are kept already; run 'assistant feedback --forget'"):
        state.add_feedback("a", {"n": 10_000})
    state.forget_feedback([1])
    state.add_feedback("a", {"n": 10_000})
    assert len(kept(state)) == 10_000
    state.close()


# ---- the file of earlier versions


def test_the_old_file_moves_into_the_state_and_stays_under_another_name(state_url: str, tmp_path: Path) -> None:
    file = inbox(tmp_path, OLD, OLD, "{torn", {"turns": ["Ü?"]}, "[]")
    text, state = file.read_text(encoding="utf-8"), State(state_url)
    assert [move(tmp_path, state), move(tmp_path, state)] == [3, 0]
    assert kept(state) == [{"answer_id": "ans_1", **OLD}] * 2 + [{"answer_id": None, "turns": ["Ü?"]}]
    assert {one["by"] for one in state.feedback()} == {"page"}
    assert not file.exists()
    assert (tmp_path / "feedback" / "inbox-1.moved").read_text(encoding="utf-8") == text
    inbox(tmp_path, OLD)  # an older version still runs beside
    assert move(tmp_path, state) == 1
    assert len(kept(state)) == 4
    state.close()


def test_a_move_that_was_killed_is_done_once(state_url: str, tmp_path: Path) -> None:
    inbox(
        tmp_path, *({**OLD, "turns": [str(n)]} for n in range(2000)), *({**OLD, "turns": ["twice"]} for _ in range(2))
    )
    code = (
        "import sys; from pathlib import Path; from assistant.channels.inbox import move; from assistant.channels.state import State\n"
        "s = State(sys.argv[2]); print('go', flush=True); move(Path(sys.argv[1]), s)"
    )
    for pause in (0.0, 0.01, 0.02, 0.03, 0.04, 0.06, 0.1):
        command = [sys.executable, "-c", code, str(tmp_path), state_url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as mover:
            assert mover.stdout
            mover.stdout.readline()
            time.sleep(pause)
            mover.send_signal(signal.SIGKILL)
    state = State(state_url)
    move(tmp_path, state)
    assert [one["turns"] for one in kept(state)] == [[str(n)] for n in range(2000)] + [["twice"]] * 2
    state.close()


def test_a_folder_that_cannot_be_changed_is_told(tmp_path: Path) -> None:
    inbox(tmp_path, OLD)
    (tmp_path / "feedback" / "moving.lock").mkdir()
    state = State(f"sqlite:///{tmp_path / 'state.db'}")
    with pytest.raises(StateError, match=r"feedback: Is a directory; its feedback is moved at the next start"):
        move(tmp_path, state)
    state.close()


def test_the_command_prints_all_of_it_and_forgets_what_it_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inbox(tmp_path, {**OLD, "turns": ["\ud800"]})
    told = [main(["--home", str(tmp_path), "feedback", *flag]) for flag in ([], ["--forget"], [])]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (told, [line["turns"] for line in lines]) == ([0, 0, 0], [["\ud800"], ["\ud800"]])


def test_harvest_reads_the_state(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inbox(tmp_path, OLD)
    state = State(f"sqlite:///{tmp_path / 'state.db'}")
    state.add_feedback("chat:slack", record(["Fresh?"], ANSWER, "p@1", Opinion("down", correction="No.")))
    state.close()
    drafts = tmp_path / "drafts.yaml"
    harvest = ["--home", str(tmp_path), "eval", "harvest", "--drafts", str(drafts)]
    assert [main(harvest), main(harvest)] == [0, 0]
    said = capsys.readouterr().out.splitlines()
    assert said == [
        f"{drafts}: 2 drafts of 2 lines, 0 known, 0 alike, 0 unreadable",
        f"{drafts}: 0 drafts of 2 lines, 2 known, 0 alike, 0 unreadable",
    ]
    text = drafts.read_text(encoding="utf-8")
    assert ("ask: Fresh?" in text, "correction: No." in text, "ask: P?" in text) == (True, True, True)
