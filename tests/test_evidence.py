"""Answers to the evidence panel, in whole values, on a pack of four lines; chips to the facts that they ask for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bikes import answered, cited

from assistant.channels.evidence import evidence as panel
from assistant.channels.evidence import jump, supposed
from assistant.channels.markup import badge
from assistant.channels.render import Turn
from assistant.checker import Checker
from assistant.engine import Assistant
from assistant.pack import Pack
from assistant.types import Answer, Finding, Reading, Scenario


def evidence(pack: Pack, turns: tuple[Turn, ...], *history: str) -> str:
    return panel(Checker(pack), turns, history)


def test_evidence_before_the_first_answer_says_what_will_come(bikes: Pack) -> None:
    assert evidence(bikes, ()) == (
        '<section aria-label="Evidence" data-link="?"><h2>Evidence</h2>'
        "<p>The verdict, the rules that prove it and the exact passages they rest on will appear here.</p></section>"
    )


def test_the_history_stands_where_nothing_was_asked_yet(bikes: Pack) -> None:
    shown = evidence(bikes, (), "?ask=A+%3Cb%3E%3F&ask=B", "?x=1")
    assert (
        '<ul><li><a href="?ask=A+%3Cb%3E%3F&amp;ask=B">A &lt;b&gt;?</a></li><li><a href="?x=1">…</a></li></ul>' in shown
    )
    assert "browser only" not in evidence(bikes, (answered(bikes),), "?ask=A")


PASSAGE = (
    '<article id="src-1-1" tabindex="-1"><h3>[1] Trains</h3><p class="path">Rules › Trains</p>'
    "<p>First line.</p><p>Bikes <mark>ride free on Sundays</mark>.</p><p>Last line.</p>"
    '<p class="path">Edition 2020-01 · <a href="?tab=documents&amp;section=rules%23trains&amp;at={at}">open in the document</a>'
    ' · <a href="https://example.org/rules?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">open the public page of “Trains”</a>'
    "</p></article>"
)
SUNDAY: dict[str, tuple[str, ...]] = {"day": ("sunday",)}


def ridden(pack: Pack, **rest: object) -> Turn:
    """A question on the rules, with its reading."""
    reading = Reading("capability", "ride", (Scenario(SUNDAY),))
    finding = Finding("B-1", "supported", "Bikes ride on Sundays.", 1)
    data: dict[str, object] = {"facts": SUNDAY, "findings": (finding,), "reading": reading, **rest}
    return answered(pack, "Yes. [1]", **data)


def part(text: str, begin: str, end: str) -> str:
    return begin + text.partition(begin)[2].partition(end)[0] + end


def test_the_proof_leads_from_facts_over_the_rule_to_the_passage(bikes: Pack) -> None:
    shown = evidence(bikes, (ridden(bikes),))
    citation = cited(bikes, "rules#trains", "ride `free` on Sundays")
    assert part(shown, "<h3>Proof</h3>", "</article>") == (
        '<h3>Proof</h3><ol class="proof"><li>Bikes ride on Sundays.<p class="path"><span class="met" title="this holds">✔</span> '
        f'<b>Day</b> on a Sunday → <code>B-1</code> → {badge("supported")} → <a href="#src-1-1">[1]</a></p></li></ol>'
        + PASSAGE.format(at=f"{citation.start}-{citation.end}")
    )


def test_an_understood_fact_can_be_changed_and_taken_away(bikes: Pack) -> None:
    assert part(evidence(bikes, (ridden(bikes),)), '<span class="chip">', "</button></span>") == (
        '<span class="chip"><label><span>Day</span><select name="0.day"><option value="sunday" selected>on a Sunday</option>'
        '<option value="monday">on a Monday</option></select></label>'
        '<button name="drop" value="0.day" aria-label="Remove Day">×</button></span>'
    )


def test_an_assumption_is_marked_and_can_be_changed(bikes: Pack) -> None:
    reading = Reading("capability", "ride", (Scenario({}),))
    shown = evidence(bikes, (ridden(bikes, facts={}, reading=reading, assumed=(("day", "sunday", "most do"),)),))
    assert part(shown, '<span class="chip assumed">', "</span></div>") == (
        '<span class="chip assumed"><label><span>Day</span><select name="0.day">'
        '<option value="" selected>on a Sunday (assumed)</option><option value="monday">on a Monday</option>'
        "</select></label></span></div>"
    )
    assert '<p class="path">Assumed: on a Sunday, most do.</p>' in shown


def test_a_missing_fact_is_an_open_chip_and_each_way_has_its_row(bicycles: Assistant) -> None:
    answer = bicycles.ask("Can a child rent a city bike?")
    shown = evidence(bicycles.pack, (Turn("?", answer),))
    assert answer.missing == ("helmet",)
    assert (
        '<span class="chip open"><label><span>Helmet</span><select name="0.helmet"><option value="" selected>not said'
        in shown
    )
    assert part(shown, "<thead>", "</tbody>") == (
        '<thead><tr><th scope="col">If</th><th scope="col">then</th></tr></thead><tbody>'
        f"<tr><td><b>Helmet</b> with a helmet</td><td>{badge('supported')}</td></tr>"
        f"<tr><td><b>Helmet</b> without a helmet</td><td>{badge('not_supported')}</td></tr></tbody>"
    )


def test_what_would_work_is_offered_as_buttons(bicycles: Assistant) -> None:
    answer = bicycles.ask("Can a teenager rent a cargo bike?")
    shown = evidence(bicycles.pack, (Turn("?", answer),))
    assert len(answer.changes) > 1
    assert shown.count('<button name="change"') == min(len(answer.changes), 4)


def test_facts_that_decide_nothing_are_only_told(bicycles: Assistant) -> None:
    answer = replace(bicycles.ask("Can a child rent a city bike?"), status="information", findings=())
    shown = evidence(bicycles.pack, (Turn("?", answer),))
    assert ('<select name="0.' in shown, "<p>Understood: " in shown) == (False, True)


def test_where_places_disagree_they_stand_side_by_side(bicycles: Assistant) -> None:
    answer = bicycles.ask("Can a teenager rent an electric bike?")
    shown = evidence(bicycles.pack, (Turn("?", answer),))
    assert (answer.status, part(shown, '<div class="sides">', "</div>").count("<article")) == ("conflict", 2)


def test_older_evidence_is_folded_and_ids_are_unique(bikes: Pack) -> None:
    shown = evidence(bikes, (answered(bikes), Turn("?", None, "Sorry."), answered(bikes)))
    found = [shown.count(x) for x in ('<details class="answer"', 'id="answer-3" open>', 'id="src-1-1"', 'id="src-3-1"')]
    assert found == [2, 1, 1, 1]
    assert shown.index("src-3-1") < shown.index("src-1-1")


def test_rules_without_a_passage_below_are_folded(bikes: Pack) -> None:
    shown = evidence(bikes, (ridden(bikes, findings=(Finding("B-1", "supported", "Yes.", None),)),))
    assert part(shown, "<h3>Proof</h3>", "</details>") == (
        '<h3>Proof</h3><details><summary>one more rule that spoke</summary><ol class="proof"><li>Yes.'
        '<p class="path"><span class="met" title="this holds">✔</span> <b>Day</b> on a Sunday → <code>B-1</code> → '
        f"{badge('supported')}</p></li></ol></details>"
    )


TABLE = (
    '<div class="table" role="region" aria-label="Table" tabindex="0"><table><thead><tr><th scope="col">Day</th>'
    '<th scope="col">Fare</th></tr></thead><tbody>{rows}</tbody></table></div>'
)
THREE = (
    "<tr><td>Saturday</td><td>2</td></tr><tr><td><mark>Sunday</mark></td><td><mark>nothing</mark></td></tr>"
    "<tr><td>Monday</td><td>3</td></tr>"
)
TWO = "<tr><td>Sunday</td><td>nothing</td></tr><tr><td>Monday</td><td><mark>3</mark></td></tr>"


@pytest.mark.parametrize(
    ("quote", "expected"),
    [
        ("Sunday | nothing", TABLE.format(rows=THREE)),
        ("3", TABLE.format(rows=TWO) + "<ul><li>one</li></ul>"),
        ("two", "<ul><li>one</li><li><mark>two</mark></li></ul>"),
        ("Day | Fare", "<p><mark>Day | Fare</mark></p>"),
    ],
)
def test_a_passage_shows_one_unit_on_either_side(bikes: Pack, quote: str, expected: str) -> None:
    shown = evidence(bikes, (answered(bikes, citations=(cited(bikes, "rules#fares", quote),)),))
    assert shown.partition("Rules › Fares</p>")[2].partition('<p class="path">')[0] == expected


@pytest.mark.parametrize("hostile", ["<img src=x>", "${alert(1)}", "{{7*7}}", '"><script>', "`x`"])
def test_nothing_in_the_evidence_is_markup_or_template(bikes: Pack, hostile: str) -> None:
    citation = cited(bikes, "rules#trains", "First line.", url=f"javascript:{hostile}")
    turn = ridden(bikes, question=hostile, citations=(citation,), assumed=(("day", "monday", hostile),))
    shown = evidence(bikes, (replace(turn, question=hostile),), hostile)
    assert [x for x in ("<img", "<script", "${", "{{", "`", 'href="javascript:') if x in shown] == []


def test_the_verdict_can_be_jumped_to(bikes: Pack) -> None:
    turns = (answered(bikes), Turn("?", None, "Sorry."))
    assert (jump(turns), jump(turns[1:])) == (f'<a href="#answer-1">{badge("supported")} evidence ↓</a>', "")


def test_feedback_is_asked_for_once(bikes: Pack) -> None:
    turn = answered(bikes)
    asked = evidence(bikes, (turn,)), evidence(bikes, (replace(turn, rated="down"),))
    assert [("Something is wrong" in x, "Thank you, noted." in x) for x in asked] == [(True, False), (False, True)]


TOLD = Answer(
    id="a",
    question="?",
    status="supported",
    text="",
    reading=Reading("capability", "ride", (Scenario({"day": ("sunday", "monday"), "os": ("linux",)}),)),
    changes=({"os": ("windows",)},),
)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"day": ("sunday", "monday"), "os": ("linux",)}),
        ({"0.os": "windows"}, {"day": ("sunday", "monday"), "os": ("windows",)}),
        ({"drop": "0.day"}, {"os": ("linux",)}),
        ({"0.new": "x"}, {"day": ("sunday", "monday"), "os": ("linux",), "new": ("x",)}),
        ({"0.new": ""}, {"day": ("sunday", "monday"), "os": ("linux",)}),
        ({"0+": "level=all"}, {"day": ("sunday", "monday"), "os": ("linux",), "level": ("all",)}),
        ({"change": "0"}, {"day": ("sunday", "monday"), "os": ("windows",)}),
        ({"change": "7"}, {"day": ("sunday", "monday"), "os": ("linux",)}),
        ({"1.os": "windows", "drop": "1.day"}, {"day": ("sunday", "monday"), "os": ("linux",)}),
    ],
)
def test_a_form_of_chips_asks_for_facts(fields: dict[str, str], expected: dict[str, tuple[str, ...]]) -> None:
    assert supposed(TOLD, fields) == (expected,)
