"""The pieces of HTML: each escaped, each a whole value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.channels.markup import badge, chooser, escape, facts_words, href, outcome, prose, table
from assistant.engine import Assistant
from assistant.pack import Pack


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


def test_facts_are_shown_by_their_labels(bikes: Pack) -> None:
    assert facts_words(bikes, {"day": ("sunday", "monday"), "<x>": ("y",)}) == (
        "<b>Day</b> on a Sunday or on a Monday, <b>&lt;x&gt;</b> y"
    )


def test_a_value_is_shown_by_its_label(bicycles: Assistant) -> None:
    assert (outcome(bicycles.pack, "deposit", "large"), outcome(bicycles.pack, "rent", "supported")) == (
        "<b>200 francs</b>",
        badge("supported"),
    )


def test_a_place_is_a_query() -> None:
    assert href(("tab", "documents"), ("section", "a#b")) == "?tab=documents&amp;section=a%23b"


def test_a_chooser_is_labelled_and_shows_what_is_chosen() -> None:
    assert chooser("at.x", "X", [("a", "A"), ("b", "<B>")], "b") == (
        '<label><span>X</span><select name="at.x"><option value="a">A</option>'
        '<option value="b" selected>&lt;B&gt;</option></select></label>'
    )


def test_prose_keeps_paragraphs_and_lists_and_links_its_marks() -> None:
    assert prose("Yes: <a>. [1]\n- one [2]\n- two\n\nEnd.", 3) == (
        '<p>Yes: &lt;a&gt;. <a href="#src-3-1">[1]</a></p>'
        '<ul><li>one <a href="#src-3-2">[2]</a></li><li>two</li></ul><p>End.</p>'
    )


def test_a_table_can_be_reached_and_scrolled_by_keyboard() -> None:
    assert table("<tr></tr>", "A <b>") == (
        '<div class="table" role="region" aria-label="A &lt;b&gt;" tabindex="0"><table><tr></tr></table></div>'
    )


@given(st.text(st.sampled_from("<>&\"'`${}[]()!*#=ab")))
def test_nothing_escaped_is_markup_or_template(text: str) -> None:
    shown = escape(text)
    assert [c for c in "<>\"'`${" if c in shown] == []
