"""Turns to the Markdown of a chat log, in tables of whole values, on a pack of four lines."""

from __future__ import annotations

import pytest
from bikes import answered

from assistant.channels.markup import badge
from assistant.channels.render import Turn, chips, message, scope, typed
from assistant.pack import Pack
from assistant.types import Ask


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
        ("    indented\n---", "indented\n\n&#45;--"),
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
