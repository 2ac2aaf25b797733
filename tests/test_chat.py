"""The part that all team chats share: when they speak, what they remember, how an answer falls into lines."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
from chats import ANSWER, CITATION, QUESTION, WRONG, Desk
from hypothesis import given
from hypothesis import strategies as st

from assistant.channels import chat
from assistant.channels.chat import Asked, Line, Rating
from assistant.engine import Assistant
from assistant.types import Answer

HELLO = Asked(QUESTION, "C1/1", "C1/1.0", addressed=True, place="C1")


@pytest.fixture
def desk(helper: Assistant) -> Desk:
    return Desk(helper)


async def test_a_question_to_us_is_answered_once(desk: Desk) -> None:
    first, second = await chat.reply(desk, HELLO), await chat.reply(desk, HELLO)
    assert isinstance(first, Answer)
    assert (first.status, second) == ("depends", None)


async def test_the_next_turn_of_a_conversation_carries_on(desk: Desk) -> None:
    await chat.reply(desk, HELLO)
    reply = await chat.reply(desk, replace(HELLO, question="virtual", event="C1/2.0"))
    assert isinstance(reply, Answer)
    assert (reply.status, reply.facts["environment"]) == ("supported", ("virtual",))


async def test_people_among_themselves_are_not_disturbed(desk: Desk) -> None:
    overheard = replace(HELLO, addressed=False)
    assert await chat.reply(desk, overheard) is None
    assert await chat.reply(desk, replace(overheard, conversation="")) is None
    assert desk.events == set()


async def test_in_a_thread_of_ours_a_question_needs_no_mention(desk: Desk) -> None:
    await chat.reply(desk, HELLO)
    reply = await chat.reply(desk, Asked("And if it is physical?", "C1/1", "C1/2.0", addressed=False, place="C1"))
    assert isinstance(reply, Answer)
    assert reply.status == "not_supported"


@pytest.mark.parametrize("words", ["Thanks, see you at lunch!", "ok great", "I'll tell Bob.", "", "\x00"])
async def test_small_talk_in_a_thread_of_ours_gets_no_reply(desk: Desk, words: str) -> None:
    await chat.reply(desk, HELLO)
    assert await chat.reply(desk, Asked(words, "C1/1", "C1/2.0", addressed=False, place="C1")) is None


async def test_a_question_that_cannot_be_read_is_told_so(desk: Desk) -> None:
    reply = await chat.reply(desk, replace(HELLO, question=" "))
    assert isinstance(reply, str)
    assert "empty" in reply


async def test_a_fault_is_told_politely_and_logged_with_its_reference(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise OSError("the disk is full")

    desk.wait = fail
    with caplog.at_level(logging.ERROR, "assistant.chat"):
        reply = await chat.reply(desk, HELLO)
    assert isinstance(reply, str)
    reference = reply.partition("(reference ")[2].rstrip(").")
    assert reply.startswith("I cannot answer just now")
    assert "disk" not in reply
    assert [r.getMessage() for r in caplog.records] == [f"reference {reference}"]


# ---- corrections


OVERHEARD = Asked(WRONG, "", "C1/1.0", addressed=False, place="C1")


async def test_wrong_claims_are_corrected_only_where_that_is_switched_on(desk: Desk) -> None:
    assert await chat.reply(desk, OVERHEARD, {"C2"}) is None
    reply = await chat.reply(desk, OVERHEARD, {"C1"})
    assert isinstance(reply, Answer)
    said = "MARS is an agent for Windows files, folders and system state, so Linux machines are out."
    assert (reply.status, reply.text) == ("not_supported", f"“{WRONG}”: the documents say otherwise. {said} [1]")
    assert [reply.text[c.answer_start : c.answer_end] for c in reply.citations] == [said]
    assert await chat.reply(desk, OVERHEARD, {"C1"}) is None


@pytest.mark.parametrize(
    "words", ["MARS backs up Windows files.", "Does MARS back up Linux?", "Lunch at 12?", "", "\x00"]
)
async def test_what_is_not_wrong_is_left_alone(desk: Desk, words: str) -> None:
    assert await chat.reply(desk, replace(OVERHEARD, question=words), {"C1"}) is None
    assert desk.events == set()


def test_several_wrong_claims_keep_their_own_places(helper: Assistant) -> None:
    claims = tuple(replace(c, citations=(*c.citations, *c.citations)) for c in helper.verify(WRONG).claims)
    found = chat.correction(replace(helper.verify(WRONG), claims=claims * 5))
    assert found is not None
    assert [line[-7:] for line in found.text.splitlines()] == [" [1][2]", " [3][4]", " [5][6]"]
    assert [c.marker for c in found.citations] == [1, 2, 3, 4, 5, 6]
    assert {found.text[c.answer_start : c.answer_end] for c in found.citations} == {claims[0].correction}


# ---- ratings


@pytest.mark.parametrize(("answer_id", "kept"), [(ANSWER.id, True), ("", True), ("ans_1", False), ("x" * 9999, False)])
async def test_only_ratings_of_an_answer_of_ours_are_kept(desk: Desk, answer_id: str, kept: bool) -> None:
    rating = Rating("C1/1", answer_id, "up")
    await chat.rate(desk, rating)
    assert desk.ratings == ([rating] if kept else [])


# ---- pieces


def test_a_table_becomes_items_that_name_its_columns(helper: Assistant) -> None:
    answer = helper.ask("What is the difference between MARS and MABS?")
    found = chat.lines(answer)
    assert found[2] == Line("App-aware: The MARS agent: no [1]; MABS: yes [2]", item=True)
    assert not any("|" in line.words for line in found)


def test_marks_of_known_citations_are_found_and_others_stay_words() -> None:
    assert list(chat.pieces("No. [1] Or [2] [x]", (CITATION,))) == ["No. ", CITATION, " Or [2] [x]"]


@given(st.text(), st.lists(st.sampled_from(["[1]", "[2]", "x"])))
def test_pieces_put_together_are_the_line(words: str, more: list[str]) -> None:
    line = words + " ".join(more)
    assert "".join(p if isinstance(p, str) else f"[{p.marker}]" for p in chat.pieces(line, (CITATION,))) == line


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (PAGE := "https://help.example/sources/a#c7-19", PAGE),
        ("http://[::1]:7860/s/a?b=c&d=%20", "http://[::1]:7860/s/a?b=c&d=%20"),
        ('https://x/a|b>c)d(e"f g', "https://x/a%7Cb%3Ec%29d%28e%22f%20g"),
        ("javascript:alert(1)", ""), ("data:text/html,x", ""), ("", ""), ("//x", ""),
    ],
)  # fmt: skip
def test_only_web_addresses_become_links(url: str, expected: str) -> None:
    assert chat.href(url) == expected


def test_markdown_shows_words_and_calls_nobody() -> None:
    assert chat.markdown("*a* [b](c) <d> `e` @all ![f] #g ~h~ |") == (
        "\\*a\\* \\[b\\](c) &lt;d&gt; \\`e\\` @\u200ball \\!\\[f\\] \\#g \\~h\\~ \\|"
    )


@given(st.lists(st.text()))
def test_a_name_is_short_printable_and_its_own(parts: list[str]) -> None:
    name = chat.named(*parts)
    assert len(name) <= 128
    assert name.isascii()
    assert name.isprintable()
    assert chat.named(*parts, "x") != name
