"""Answers to Markdown and HTML, in tables of whole values, on a pack of four lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.channels.render import Turn, badge, chips, evidence, facts_words, message, scope, typed
from assistant.pack import Pack, load
from assistant.types import Answer, Ask, Citation, Finding, Part

FILES = {
    "pack.toml": """
        name = "bikes"
        title = "Bikes <&> more"
        edition = "2020-01"
        edition_words = "January 2020"
        [[document]]
        id = "rules"
        file = "rules.md"
        url = "https://example.org/rules?a=1&b=2"
        """,
    "rules.md": """\
# Rules

## Trains

First line.

**Bikes** ride `free` on Sundays.

Last line.

## Fares

| Day | Fare |
|---|---|
| Saturday | 2 |
| Sunday | nothing |
| Monday | 3 |

- one
- two
""",
    "vocabulary.toml": """
        [dimension.day]
        kind = "fact"
        label = "Day"
        ask = "Which day?"
        [dimension.day.values.sunday]
        label = "on a Sunday"
        words = ["sunday"]
        [dimension.day.values.monday]
        label = "on a Monday"
        words = ["monday"]
        """,
    "decisions.toml": """
        [[decision]]
        id = "ride"
        kind = "capability"
        label = "ride"
        """,
    "rules.toml": """
        [[rule]]
        id = "B-1"
        decision = "ride"
        when = { day = "sunday" }
        then = "supported"
        title = "Bikes ride on Sundays."
        because = "It is written."
        source = "rules#trains"
        quote = "ride `free` on Sundays"
        basis = "explicit"
        fires = ["Can I ride on Sunday?"]
        silent = ["Can I ride on Monday?"]
        """,
}


@pytest.fixture(scope="module")
def bikes(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    folder: Path = tmp_path_factory.mktemp("bikes")
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return load(folder)


def cited(pack: Pack, section_id: str, quote: str, marker: int = 1, url: str | None = None) -> Citation:
    section = pack.section(section_id)
    start = pack.document(section.document).text.index(quote)
    return Citation(
        marker=marker,
        section_id=section_id,
        title=section.title,
        heading_path=section.heading_path,
        url=section.url if url is None else url,
        edition=section.edition,
        quote=quote,
        start=start,
        end=start + len(quote),
        answer_start=0,
        answer_end=1,
    )


def answered(pack: Pack, text: str = "Yes. [1]", **rest: object) -> Turn:
    data: dict[str, object] = {
        "id": "ans_1",
        "question": "Free?",
        "status": "supported",
        "text": text,
        "citations": (cited(pack, "rules#trains", "ride `free` on Sundays"),),
    }
    return Turn("Free?", Answer(**{**data, **rest}))  # type: ignore[arg-type]  # a table of fields


@pytest.mark.parametrize(
    ("status", "live", "expected"),
    [
        ("supported", False, '<span class="badge supported"><span aria-hidden="true">✔</span> Supported</span>'),
        (
            "not_supported",
            False,
            '<span class="badge not_supported"><span aria-hidden="true">✘</span> Not supported</span>',
        ),
        (
            "depends",
            True,
            '<span class="badge depends" role="status"><span aria-hidden="true">?</span> It depends</span>',
        ),
    ],
)
def test_a_badge_is_icon_word_and_colour(status: str, live: bool, expected: str) -> None:
    assert badge(status, live=live) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Does it work?", "Does it work?"),
        ("<img src=x onerror=alert(1)>", "&#60;img src&#61;x onerror&#61;alert(1)&#62;"),
        ("![x](http://evil.example/a.png)", "&#33;&#91;x&#93;(http&#58;//evil.example/a.png)"),
        ("see www.evil.example or a@b.example", "see www&#46;evil.example or a&#64;b.example"),
        (
            "# big **bold** _it_ `code` $$x$$",
            "&#35; big &#42;&#42;bold&#42;&#42; &#95;it&#95; &#96;code&#96; &#36;&#36;x&#36;&#36;",
        ),
        ("- a\n+ b\n1. c\n    d", "&#45; a\n&#43; b\n1&#46; c\nd"),
        ("one\n===\n---", "one\n&#61;&#61;&#61;\n&#45;--"),
        ("a" * 501, "a" * 500 + " …"),
    ],
)
def test_a_question_is_shown_as_it_was_typed(question: str, expected: str) -> None:
    assert typed(question) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Yes: free. [1]", "Yes: free. [&#91;1&#93;](#src-3-1)"),
        ("Unknown mark. [7]", "Unknown mark. &#91;7&#93;"),
        ("All:\n- a [1]\n- b\nEnd.", "All:\n\n- a [&#91;1&#93;](#src-3-1)\n- b\n\nEnd."),
        ("1. a\n2. b", "1. a\n2. b"),
        (
            "T:\n\n| | A |\n|---|---|\n| x | y [1] |\n\nEnd.",
            "T:\n\n| | A |\n|---|---|\n| x | y [&#91;1&#93;](#src-3-1) |\n\nEnd.",
        ),
        (
            "![i](http://e.example) [l](https://e.example)",
            "&#33;&#91;i&#93;(http&#58;//e.example) &#91;l&#93;(https&#58;//e.example)",
        ),
        ("<script>x</script>", "&#60;script&#62;x&#60;/script&#62;"),
        ("    indented\n---", "indented\n&#45;--"),
    ],
)
def test_text_keeps_its_lists_and_links_only_to_citations(bikes: Pack, text: str, expected: str) -> None:
    assert message(answered(bikes, text), 3) == f"{badge('supported')}\n\n{expected}"


def test_a_missing_fact_is_asked_for_with_chips(bikes: Pack) -> None:
    ask = Ask("day", "Which day?", (("sunday", "on a Sunday"), ("monday", "on a Monday")))
    turn = answered(bikes, "It depends.", status="depends", ask=ask)
    assert (message(turn, 1), chips(turn)) == (
        f"{badge('depends')}\n\nIt depends.\n\n**Which day?**",
        ("on a Sunday", "on a Monday"),
    )


def test_a_turn_without_an_answer_says_why() -> None:
    turn = Turn("?", None, "Sorry: <b>")
    assert (message(turn, 1), chips(turn)) == ("Sorry: &#60;b&#62;", ())


def test_the_scope_names_sections_edition_and_digest(bikes: Pack) -> None:
    assert scope(bikes) == (
        "<h1>Bikes &lt;&amp;&gt; more assistant</h1><p>Answers only from 3 sections of Bikes &lt;&amp;&gt; more, "
        f"edition January 2020, pack <code>{bikes.digest[:12]}</code>.</p>"
    )


def test_facts_are_shown_by_their_labels(bikes: Pack) -> None:
    assert facts_words(bikes, {"day": ("sunday", "monday"), "<x>": ("y",)}) == (
        "<b>Day</b> on a Sunday or on a Monday, <b>&lt;x&gt;</b> y"
    )


def test_evidence_before_the_first_answer_says_what_will_come(bikes: Pack) -> None:
    assert evidence(bikes, ()) == (
        '<section aria-label="Evidence"><h2>Evidence</h2>'
        "<p>The verdict, the rules that prove it and the exact passages they rest on will appear here.</p></section>"
    )


SOURCE = (
    '<p class="path">Edition 2020-01 · <a href="https://example.org/rules?a=1&amp;b=2" target="_blank" '
    'rel="noopener noreferrer">open the public page of “{title}”</a></p></article>'
)


def test_evidence_is_facts_proof_and_the_passage_in_its_context(bikes: Pack) -> None:
    finding = Finding("B-1", "supported", "Bikes ride on Sundays.", 1)
    turn = answered(bikes, facts={"day": ("sunday",)}, findings=(finding,))
    assert evidence(bikes, (turn,)) == (
        '<section aria-label="Evidence"><h2>Evidence</h2><details class="answer" open>'
        f"<summary>{badge('supported', live=True)} Free?</summary>"
        "<p>Understood: <b>Day</b> on a Sunday.</p>"
        "<h3>Proof</h3><ol><li><b>Day</b> on a Sunday → <code>B-1</code> → "
        f'{badge("supported")} → <a href="#src-1-1">[1]</a><br>Bikes ride on Sundays.</li></ol>'
        '<article id="src-1-1" tabindex="-1"><h3>[1] Trains</h3><p class="path">Rules › Trains</p>'
        "<p>First line.</p><p>Bikes <mark>ride free on Sundays</mark>.</p><p>Last line.</p>"
        f"{SOURCE.format(title='Trains')}</details></section>"
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
    context = shown.partition("Rules › Fares</p>")[2].partition('<p class="path">')[0]
    assert context == expected


def test_older_evidence_is_folded_and_ids_are_unique(bikes: Pack) -> None:
    shown = evidence(bikes, (answered(bikes), Turn("?", None, "Sorry."), answered(bikes)))
    assert [shown.count(x) for x in ("<details", '<details class="answer" open>', 'id="src-1-1"', 'id="src-3-1"')] == [
        2,
        1,
        1,
        1,
    ]
    assert shown.index("src-3-1") < shown.index("src-1-1")


def test_rules_without_a_passage_below_are_folded(bikes: Pack) -> None:
    shown = evidence(bikes, (answered(bikes, findings=(Finding("B-1", "supported", "Yes.", None),)),))
    assert shown.partition("<h3>Proof</h3>")[2].partition("<article")[0] == (
        "<details><summary>one more rule that spoke</summary><ol><li><b>Day</b> on a Sunday → <code>B-1</code> → "
        f"{badge('supported')}<br>Yes.</li></ol></details>"
    )


def test_facts_of_each_part_and_assumptions_are_shown(bikes: Pack) -> None:
    parts = (Part("A", "supported", {"day": ("sunday",)}, ""), Part("B", "supported", {}, ""))
    shown = evidence(bikes, (answered(bikes, parts=parts, assumed=(("day", "monday", "<why>"),)),))
    assert shown.partition("</summary>")[2].partition("<article")[0] == (
        "<p>Understood (A): <b>Day</b> on a Sunday.</p><p>Understood (B): no facts that decide anything.</p>"
        "<p>Assumed: <b>Day</b> on a Monday (&lt;why&gt;).</p>"
    )


@pytest.mark.parametrize("hostile", ["<img src=x>", "${alert(1)}", "{{7*7}}", '"><script>', "`x`"])
def test_nothing_in_the_evidence_is_markup_or_template(bikes: Pack, hostile: str) -> None:
    turn = answered(
        bikes, question=hostile, citations=(cited(bikes, "rules#trains", "First line.", url=f"javascript:{hostile}"),)
    )
    shown = evidence(bikes, (turn,))
    assert [x for x in ("<img", "<script", "${", "{{", "`", "javascript:") if x in shown] == []
