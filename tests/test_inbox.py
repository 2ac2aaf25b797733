"""Feedback on disk: whole lines whoever writes, an honest error when there is no room."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from assistant.channels.inbox import MOST_BYTES, InboxFull, keep
from assistant.types import Answer, Citation

PLACE = Citation(1, "a#b", "B", ("A", "B"), "", "2020", "words", 0, 5, 0, 3)
ANSWER = Answer("ans_1", "Q?", "supported", "Yes. [1]", citations=(PLACE,), edition="2020-01", pack="p@1")


def lines(home: Path) -> list[dict[str, object]]:
    return [json.loads(x) for x in (home / "feedback" / "inbox.jsonl").read_text(encoding="utf-8").splitlines()]


def test_a_line_holds_what_was_asked_answered_and_said(tmp_path: Path) -> None:
    keep(tmp_path, ("P?", "Q?"), ANSWER, "down", "wrong_verdict", "Nö\nnever")
    assert lines(tmp_path) == [
        {
            "turns": ["P?", "Q?"],
            "answer": {
                "id": "ans_1",
                "status": "supported",
                "text": "Yes. [1]",
                "citations": [{"section_id": "a#b", "quote": "words"}],
            },
            "rating": "down",
            "reason": "wrong_verdict",
            "correction": "Nö\nnever",
            "versions": {"pack": "p@1", "edition": "2020-01", "engine": "rules+retrieval"},
        }
    ]


def flood(home: Path) -> None:
    for n in range(50):
        keep(home, (f"{n} " + "x" * 3000,), ANSWER, "up")


def test_several_processes_never_mix_their_lines(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(flood, [tmp_path] * 4))
    assert len(lines(tmp_path)) == 200


def test_long_words_and_lone_surrogates_are_kept_as_far_as_they_go(tmp_path: Path) -> None:
    keep(tmp_path, ("\ud800",), ANSWER, "sideways", correction="y" * 9000)
    (line,) = lines(tmp_path)
    assert (line["turns"], line["rating"], len(str(line["correction"]))) == (["?"], "down", 2000)


def test_a_full_inbox_takes_nothing_and_keeps_what_it_has(tmp_path: Path) -> None:
    file = tmp_path / "feedback" / "inbox.jsonl"
    file.parent.mkdir()
    with file.open("wb") as out:
        out.truncate(MOST_BYTES)
    with pytest.raises(InboxFull, match="67,108,864 bytes already"):
        keep(tmp_path, ("Q?",), ANSWER, "up")
    assert file.stat().st_size == MOST_BYTES


def test_a_place_that_cannot_be_written_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "feedback").write_text("in the way", encoding="utf-8")
    with pytest.raises(InboxFull, match=r"inbox\.jsonl: "):
        keep(tmp_path, ("Q?",), ANSWER, "up")
