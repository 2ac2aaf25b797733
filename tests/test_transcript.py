"""Conversations: asked, supposed otherwise, told in one line, asked again from it, and copied."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Generator, Iterator
from contextvars import ContextVar, copy_context
from dataclasses import replace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.channels.render import Turn
from assistant.channels.transcript import Turns, address, ask, copied, exported, play, read, renewed, suppose, worded
from assistant.engine import Assistant
from assistant.errors import QuestionError
from assistant.types import GONE, Answer, Draft, Facts, Second

ANSWER = Answer(id="ans_1", question="One?", status="information", text="One.")
CARGO = "Can a teenager rent a cargo bike?"


class Fake:
    """An assistant of which only `settle` is used."""

    def __init__(self, outcome: Answer | Exception) -> None:
        self.outcome = outcome
        self.heard: list[tuple[str, Answer | None]] = []

    def settle(self, question: str, after: Answer | None = None) -> Answer:
        self.heard.append((question, after))
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    @property
    def helper(self) -> Assistant:
        return cast("Assistant", self)


def test_a_turn_carries_on_from_the_last_answer() -> None:
    fake = Fake(ANSWER)
    before = (Turn("One?", ANSWER), Turn("", None, "Sorry."))
    assert (ask(fake.helper, "Two?", before), fake.heard) == (Turn("Two?", ANSWER), [("Two?", ANSWER)])


def test_a_question_that_cannot_be_read_gets_its_reason() -> None:
    fake = Fake(QuestionError("the question is empty"))
    assert ask(fake.helper, "?", ()) == Turn("?", None, "Sorry, this cannot be answered: the question is empty.")


def test_a_fault_gets_a_request_id_and_the_log_gets_the_trace(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, logger="assistant.page"):
        apology = ask(Fake(ValueError("secret")).helper, "private words", ()).apology
    request = re.findall(r"request ([0-9a-f]{12})\.", apology)
    assert [(r.message, "secret" in str(r.exc_text), "private" in r.message) for r in caplog.records] == [
        (f"request {request[0]}", True, False)
    ]
    assert "secret" not in apology


SEEN: ContextVar[bool] = ContextVar("seen", default=False)


class Speaker:
    """An assistant of which only `word` is used: two pieces, then the answer or a fault."""

    drafter = "a model"

    def __init__(self, outcome: Answer | Exception) -> None:
        self.outcome = outcome
        self.closed = 0
        self.stopped = ""
        self.counted = list[Answer]()

    def word(self, _: Answer, stopped: Callable[[], str], after: Answer | None) -> Iterator[str | Answer]:
        assert after == BEFORE
        token = SEEN.set(True)
        try:
            yield from ("One. ", "Two.")
            self.stopped = stopped()
            if isinstance(self.outcome, Exception):
                raise self.outcome
            yield self.outcome
        finally:
            SEEN.reset(token)  # ValueError in another context
            self.closed += 1

    @property
    def helper(self) -> Assistant:
        return cast("Assistant", self)


SETTLED = Turn("One?", ANSWER)
BEFORE = replace(ANSWER, id="ans_0")


def grown(speaker: Speaker) -> list[Turn]:
    """The turns as a page takes them: each in a context of its own."""
    turns = worded(speaker.helper, SETTLED, (Turn("Zero?", BEFORE), Turn("?", None, "Sorry.")), speaker.counted.append)
    return list(iter(lambda: copy_context().run(next, turns, None), None))


def growing(text: str) -> Turn:
    return replace(SETTLED, answer=replace(ANSWER, text=text), growing=True)


def test_a_turn_grows_by_what_is_proven_and_ends_whole() -> None:
    whole = replace(ANSWER, text="One. Two.", engine="rules+model")
    speaker = Speaker(whole)
    assert grown(speaker) == [growing("One. "), growing("One. Two."), Turn("One?", whole)]
    assert (speaker.closed, speaker.stopped, speaker.counted) == (1, "", [whole])


def test_wording_that_breaks_leaves_the_settled_turn(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, logger="assistant.page"):
        speaker = Speaker(ValueError("x"))
        assert grown(speaker) == [growing("One. "), growing("One. Two."), SETTLED]
        assert speaker.counted == [ANSWER]
    assert [r.message for r in caplog.records] == ["wording an answer failed; it stands in the rules' words"]


def test_wording_that_is_stopped_is_counted_at_the_rules_answer_with_what_the_model_had_done() -> None:
    draft, second = Draft("m", 1, 0, 1, 5, 3, 0.5), Second("m", fault=GONE)
    speaker = Speaker(replace(ANSWER, text="One. Two.", engine="rules+model", draft=draft, second=second))
    turns = cast("Generator[Turn]", worded(speaker.helper, SETTLED, (Turn("Zero?", BEFORE),), speaker.counted.append))
    assert next(turns) == growing("One. ")
    copy_context().run(turns.close)
    assert speaker.counted == [replace(ANSWER, draft=replace(draft, fault=GONE), second=second)]
    assert (speaker.closed, speaker.stopped) == (1, GONE)


def test_without_a_model_a_turn_is_as_it_is(bicycles: Assistant) -> None:
    lost, counted = Turn("", None, "Sorry."), list[Answer]()
    assert [list(worded(bicycles, t, (), counted.append)) for t in (SETTLED, lost)] == [[SETTLED], [lost]]
    assert counted == [ANSWER]


def asked(helper: Assistant, *questions: str) -> Turns:
    turns: Turns = ()
    for question in questions:
        turns = (*turns, ask(helper, question, turns))
    return turns


def test_a_what_if_says_what_it_changes(bicycles: Assistant) -> None:
    turns = asked(bicycles, CARGO)
    turn = suppose(bicycles, 1, ({"renter": ("adult",)},), turns)
    assert (turn.question, turn.of, turn.answer and turn.answer.status) == (
        "What if: Rider an adult, Bicycle not said?",
        1,
        "supported",
    )


def test_a_what_if_of_nothing_or_of_unknown_facts_is_an_apology(bicycles: Assistant) -> None:
    turns = asked(bicycles, CARGO)
    lost = suppose(bicycles, 2, ({},), turns)
    odd = suppose(bicycles, 1, ({"renter": ("ghost",)},), turns)
    many = suppose(bicycles, 1, ({}, {}), turns)
    assert [t.answer for t in (lost, odd, many)] == [None, None, None]
    assert "unknown value of renter 'ghost'" in odd.apology


def test_a_conversation_asked_again_from_its_line_is_the_same(bicycles: Assistant) -> None:
    turns = asked(bicycles, CARGO, "And an adult?")
    turns = (*turns, suppose(bicycles, 2, ({"renter": ("child",), "bike": ("city", "cargo")},), turns))
    line = address(turns)
    assert line == (
        "?ask=Can+a+teenager+rent+a+cargo+bike%3F&ask=And+an+adult%3F&given=2~renter%3Achild%3Bbike%3Acity%2Ccargo"
    )
    assert play(bicycles, read(line)) == turns


def test_a_line_that_would_be_too_long_is_none() -> None:
    assert [address(()), address((Turn("x" * 7000, ANSWER),)), address((Turn("x", ANSWER),) * 31)] == ["", "", ""]


@pytest.mark.parametrize("query", ["", "?x=1", "?tab=explore", "?&&=", "?ask", "%"])
def test_a_query_that_asks_nothing_plays_nothing(bicycles: Assistant, query: str) -> None:
    assert [t for t in play(bicycles, read(query)) if t.answer] == []


@pytest.mark.parametrize(
    "query", ["?given=1~os:linux", "?given=x", "?given=1~:::;,/", f"?ask={CARGO}&given=1~renter:", "?ask=%00"]
)
def test_a_bent_line_becomes_an_apology(bicycles: Assistant, query: str) -> None:
    last = play(bicycles, read(query))[-1]
    assert (last.answer, last.apology.startswith("Sorry, this cannot be answered")) == (None, True)


def test_a_line_asks_for_no_more_than_thirty_turns(bicycles: Assistant) -> None:
    assert len(play(bicycles, read("?" + "&".join(["ask=bike"] * 500)))) == 30


@given(
    st.text(st.characters(codec="utf-8"), max_size=40),
    st.dictionaries(
        st.from_regex(r"\A[a-z_]{1,8}\Z"), st.tuples(st.from_regex(r"\A[a-z0-9_]{1,8}\Z")), min_size=1, max_size=3
    ),
)
def test_what_is_told_is_read_back(question: str, facts: dict[str, tuple[str, ...]]) -> None:
    supposed: tuple[Facts, ...] = (facts, facts)
    line = address((Turn(question, ANSWER), Turn("What if", ANSWER, of=1, given=supposed)))
    words = "/".join([";".join(f"{n}:{','.join(v)}" for n, v in facts.items())] * 2)
    assert read(line) == [("ask", question), ("given", f"1~{words}")]


def test_a_copy_holds_status_text_sources_and_the_id(bicycles: Assistant) -> None:
    answer = bicycles.ask(CARGO)
    first, *rest = copied(answer, bicycles.pack).split("\n\n")
    assert (first, rest[0]) == (CARGO, "NOT SUPPORTED")
    assert [f"[{c.marker}] {c.title} – “{c.quote}”\n    {c.url}" in "\n\n".join(rest) for c in answer.citations] == [
        True
    ] * len(answer.citations)
    assert rest[-1].endswith(answer.id)


def test_an_export_holds_every_turn(bicycles: Assistant) -> None:
    turns = (*asked(bicycles, CARGO), Turn("Odd", None, "Sorry."))
    text = exported(turns, bicycles.pack)
    answer = turns[0].answer
    assert answer
    assert [x in text for x in (f"## {CARGO}", "**Not supported**", answer.text, answer.id, "## Odd\n\nSorry.")] == [
        True
    ] * 5
    assert [f"- [{c.marker}] {c.title}: “{c.quote}” <{c.url}>" in text for c in answer.citations] == [True] * len(
        answer.citations
    )


def test_another_generation_answers_the_conversation_again(bicycles: Assistant, helper: Assistant) -> None:
    turns = asked(bicycles, CARGO) * 40
    assert renewed(bicycles, turns) is turns
    again = renewed(helper, turns)
    assert [(t.question, t.answer and t.answer.pack.partition("@")[0]) for t in again] == [(CARGO, "azure-backup")] * 40
