"""What a query does to a conversation, and which tabs there are."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from assistant.channels.desk import Desk
from assistant.channels.transcript import Turns, address, read
from assistant.engine import Assistant

CARGO = "?ask=Can+a+teenager+rent+a+cargo+bike%3F"


@pytest.fixture
def desk(bicycles: Assistant, tmp_path: Path) -> Desk:
    return Desk(lambda: bicycles, tmp_path, tmp_path / "runs")


def after(desk: Desk, *queries: str) -> Turns:
    turns: Turns = ()
    for query in queries:
        turns = desk.turns(read(query), turns)
    return turns


def test_a_conversation_is_played_once_and_kept_when_other_tabs_are_shown(desk: Desk) -> None:
    turns = after(desk, CARGO)
    assert desk.turns(read(CARGO), turns) is turns
    assert desk.turns(read("?tab=explore"), turns) is turns
    assert desk.turns(read(""), turns) == ()


def test_a_changed_chip_is_a_what_if(desk: Desk) -> None:
    turns = after(desk, CARGO, "?do=suppose&turn=1&0.renter=adult&0.bike=cargo")
    assert [(t.question, t.answer and t.answer.status) for t in turns][1:] == [
        ("What if: Rider an adult?", "supported")
    ]
    assert address(turns).endswith("&given=1~renter%3Aadult%3Bbike%3Acargo")


@pytest.mark.parametrize("query", ["?do=suppose&turn=9", "?do=rate&turn=x", "?do=odd", "?do=suppose"])
def test_an_action_on_nothing_changes_nothing(desk: Desk, query: str) -> None:
    turns = after(desk, CARGO)
    assert desk.turns(read(query), turns) is turns


def test_a_rating_is_kept_once_with_all_that_was_asked(desk: Desk) -> None:
    rate = "?do=rate&turn=2&rating=down&reason=unclear&correction=No"
    turns = after(desk, f"{CARGO}&ask=And+an+adult%3F", rate, rate)
    lines = (desk.home / "feedback" / "inbox.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(x)["turns"] for x in lines] == [["Can a teenager rent a cargo bike?", "And an adult?"]]
    assert [t.rated for t in turns] == ["", "down"]


def test_a_rating_that_cannot_be_kept_is_said_and_nothing_is_lost(desk: Desk) -> None:
    (desk.home / "feedback").write_text("in the way", encoding="utf-8")
    turns = after(desk, CARGO, "?do=rate&turn=1&rating=up")
    assert [(t.rated, bool(t.answer)) for t in turns] == [("lost", True)]


def test_the_evaluations_tab_shows_the_newest_report_in_a_frame_of_its_own(desk: Desk) -> None:
    assert "evaluations" not in desk.views
    for age, name in enumerate(("new", "old")):
        file = desk.runs / name / "report.html"
        file.parent.mkdir(parents=True)
        file.write_text(f'<script>alert("{name}")</script>', encoding="utf-8")
        os.utime(file, (1000 - age, 1000 - age))
    shown = desk.draw("evaluations", read("?tab=evaluations"))
    assert '<iframe title="Report new" sandbox="allow-scripts" srcdoc="&lt;script&gt;alert(' in shown


def test_the_current_tab_says_so_and_an_unknown_one_is_the_conversation(desk: Desk) -> None:
    assert [desk.tab(read(q)) for q in ("", "?tab=practise", "?tab=<b>", "?tab=evaluations")] == [
        "ask",
        "practise",
        "ask",
        "ask",
    ]
    assert '<a aria-current="page" href="?tab=practise">Practise</a>' in desk.header("practise")
    assert desk.header("practise").count("aria-current") == 1


def test_another_generation_answers_the_conversation_again(desk: Desk, helper: Assistant) -> None:
    turns = after(desk, CARGO)
    assert desk.renewed(turns) is turns
    again = Desk(lambda: helper, desk.home, desk.runs).renewed(turns)
    assert [(t.question, t.answer and t.answer.pack.partition("@")[0]) for t in again] == [
        (turns[0].question, "azure-backup")
    ]
