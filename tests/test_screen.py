"""What a query does to a conversation, and which tabs there are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from assistant.channels.screen import Screen
from assistant.channels.state import StateError
from assistant.channels.transcript import Turns, address, read
from assistant.engine import Assistant

CARGO = "?ask=Can+a+teenager+rent+a+cargo+bike%3F"


@pytest.fixture
def kept() -> list[Mapping[str, object]]:
    return []


@pytest.fixture
def screen(bicycles: Assistant, kept: list[Mapping[str, object]], tmp_path: Path) -> Screen:
    return Screen(lambda: bicycles, kept.append, tmp_path / "runs")


def after(screen: Screen, *queries: str) -> Turns:
    turns: Turns = ()
    for query in queries:
        turns = screen.turns(read(query), turns)
    return turns


def test_a_conversation_is_played_once_and_kept_when_other_tabs_are_shown(screen: Screen) -> None:
    turns = after(screen, CARGO)
    assert screen.turns(read(CARGO), turns) is turns
    assert screen.turns(read("?tab=explore"), turns) is turns
    assert screen.turns(read(""), turns) == ()


def test_a_changed_chip_is_a_what_if(screen: Screen) -> None:
    turns = after(screen, CARGO, "?do=suppose&turn=1&0.renter=adult&0.bike=cargo")
    assert [(t.question, t.answer and t.answer.status) for t in turns][1:] == [
        ("What if: Rider an adult?", "supported")
    ]
    assert address(turns).endswith("&given=1~renter%3Aadult%3Bbike%3Acargo")


@pytest.mark.parametrize("query", ["?do=suppose&turn=9", "?do=rate&turn=x", "?do=odd", "?do=suppose"])
def test_an_action_on_nothing_changes_nothing(screen: Screen, query: str) -> None:
    turns = after(screen, CARGO)
    assert screen.turns(read(query), turns) is turns


def test_a_rating_is_kept_once_with_all_that_was_asked(screen: Screen, kept: list[Mapping[str, object]]) -> None:
    rate = "?do=rate&turn=2&rating=down&reason=unclear&correction=No"
    turns = after(screen, f"{CARGO}&ask=And+an+adult%3F", rate, rate)
    assert [(x["turns"], x["rating"], x["reason"], x["correction"]) for x in kept] == [
        (["Can a teenager rent a cargo bike?", "And an adult?"], "down", "unclear", "No")
    ]
    assert [t.rated for t in turns] == ["", "down"]


def test_a_rating_that_cannot_be_kept_is_said_and_nothing_is_lost(screen: Screen) -> None:
    def full(_: object) -> None:
        raise StateError("no room")

    screen.keep = full
    turns = after(screen, CARGO, "?do=rate&turn=1&rating=up")
    assert [(t.rated, bool(t.answer)) for t in turns] == [("lost", True)]


def test_the_evaluations_tab_shows_the_newest_report_in_a_frame_of_its_own(screen: Screen) -> None:
    assert "evaluations" not in screen.views
    for age, name in enumerate(("new", "old")):
        file = screen.runs / name / "report.html"
        file.parent.mkdir(parents=True)
        file.write_text(f'<script>alert("{name}")</script>', encoding="utf-8")
        os.utime(file, (1000 - age, 1000 - age))
    shown = screen.draw("evaluations", read("?tab=evaluations"))
    assert '<iframe title="Report new" sandbox="allow-scripts" srcdoc="&lt;script&gt;alert(' in shown


def test_the_current_tab_says_so_and_an_unknown_one_is_the_conversation(screen: Screen) -> None:
    assert [screen.tab(read(q)) for q in ("", "?tab=practise", "?tab=<b>", "?tab=evaluations")] == [
        "ask",
        "practise",
        "ask",
        "ask",
    ]
    assert '<a aria-current="page" href="?tab=practise">Practise</a>' in screen.header("practise")
    assert screen.header("practise").count("aria-current") == 1
