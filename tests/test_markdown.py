"""Markdown in, sections and units out: every offset is exact, whatever the text."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assistant.markdown import parse, slug
from assistant.types import Document, Section


def read(text: str) -> Document:
    return parse(text, document="doc", file="docs/doc.md", url="https://example.org/doc", edition="2020-01")


def units(text: str) -> list[tuple[str, str, str]]:
    """(kind, section, text) of every unit."""
    return [(u.kind, u.section_id, u.text) for u in read(text).units]


def refuse_wrong_offsets(document: Document) -> None:
    """AssertionError unless units lie, in order and apart, where they say, each inside its own section."""
    sections: dict[str, list[Section]] = {}
    for one in document.sections:
        sections.setdefault(one.id, []).append(one)
    places = [(s.start, s.end) for s in document.sections]
    assert [a for _, a in places] == [*(b for b, _ in places[1:]), len(document.text)], (
        "sections leave a gap or overlap"
    )
    last = 0
    for unit in document.units:
        assert document.text[unit.start : unit.end] == unit.text
        assert unit.text == unit.text.strip() != ""
        assert any(s.start <= unit.start < unit.end <= s.end for s in sections[unit.section_id])
        assert unit.start >= last, "units overlap"
        last = unit.end


CASES: dict[str, tuple[str, list[tuple[str, str, str]]]] = {
    "an empty text has no units": ("", []),
    "blank lines alone have no units": ("\n \n\t\n", []),
    "text before the first heading belongs to the document": (
        "Before.\n\n# Title\n\nAfter.\n",
        [("paragraph", "doc#doc", "Before."), ("paragraph", "doc#title", "After.")],
    ),
    "a paragraph keeps its line breaks": ("# T\n\none\ntwo\n", [("paragraph", "doc#t", "one\ntwo")]),
    "items are units without their markers": (
        "# T\n\n- one\n* two\n\n1. three\n2) four\n",
        [("item", "doc#t", "one"), ("item", "doc#t", "two"), ("item", "doc#t", "three"), ("item", "doc#t", "four")],
    ),
    "nested items are units of their own": (
        "# T\n\n- outer\n  - inner\n    - innermost\n",
        [("item", "doc#t", "outer"), ("item", "doc#t", "inner"), ("item", "doc#t", "innermost")],
    ),
    "two markers on one line both go": ("# T\n\n- - deep\n", [("item", "doc#t", "deep")]),
    "a tick box is not part of the text": (
        "# T\n\n- [x] done\n- [ ] open\n",
        [("item", "doc#t", "done"), ("item", "doc#t", "open")],
    ),
    "table rows are units without outer pipes": (
        "# T\n\n| A | B |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n",
        [("row", "doc#t", "1 | 2"), ("row", "doc#t", "3 | 4")],
    ),
    "a table without outer pipes is a table": ("# T\n\nA | B\n--- | ---\n1 | 2\n", [("row", "doc#t", "1 | 2")]),
    "a table in a list item has no list marker": (
        "# T\n\n- | A | B |\n  |---|---|\n  | 1 | 2 |\n",
        [("row", "doc#t", "1 | 2")],
    ),
    "a table in a quotation has no quotation mark": (
        "# T\n\n> | A | B |\n> |---|---|\n> | 1 | 2 |\n",
        [("row", "doc#t", "1 | 2")],
    ),
    "a fence is one unit": (
        "# T\n\n```\n# not a heading\n- not an item\n```\n",
        [("paragraph", "doc#t", "```\n# not a heading\n- not an item\n```")],
    ),
    "front matter is no text": ("---\ntitle: x\n---\n# T\n\nBody.\n", [("paragraph", "doc#t", "Body.")]),
    "front matter with CRLF is no text": (
        "---\r\ntitle: x\r\n---\r\n# T\r\n\r\nBody.\r\n",
        [("paragraph", "doc#t", "Body.")],
    ),
    "a rule in the middle is not front matter": (
        "# T\n\none\n\n---\n\ntwo\n\n---\n",
        [("paragraph", "doc#t", "one"), ("paragraph", "doc#t", "two")],
    ),
    "CRLF and lone CR end lines": (
        "# T\r\n\r\none\r\rtwo\r\n",
        [("paragraph", "doc#t", "one"), ("paragraph", "doc#t", "two")],
    ),
    "characters outside the BMP count once": (
        "# T\n\n😀 one\n\n𝔘 two\n",
        [("paragraph", "doc#t", "😀 one"), ("paragraph", "doc#t", "𝔘 two")],
    ),
    "a quotation is text": ("# T\n\n> said\n", [("item", "doc#t", "said")]),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_units_of(text: str, expected: list[tuple[str, str, str]]) -> None:
    document = read(text)
    refuse_wrong_offsets(document)
    assert [(u.kind, u.section_id, u.text) for u in document.units] == expected


def test_headings_become_a_path_of_titles() -> None:
    document = read("# One\n\n## Two\n\n### Three\n\n## Four\n\n# Five\n")
    assert [(s.id, s.title, s.heading_path) for s in document.sections] == [
        ("doc#one", "One", ("One",)),
        ("doc#two", "Two", ("One", "Two")),
        ("doc#three", "Three", ("One", "Two", "Three")),
        ("doc#four", "Four", ("One", "Four")),
        ("doc#five", "Five", ("Five",)),
    ]


def test_a_section_carries_where_it_comes_from() -> None:
    (section,) = read("# One\n\ntext\n").sections
    assert (section.document, section.url, section.edition, section.start, section.end) == (
        "doc",
        "https://example.org/doc",
        "2020-01",
        0,
        12,
    )


def test_equal_headings_get_numbers() -> None:
    assert [s.id for s in read("# A\n\n# A\n\n# A\n").sections] == ["doc#a", "doc#a-2", "doc#a-3"]


def test_a_heading_that_looks_like_a_numbered_one_keeps_ids_apart() -> None:
    ids = [s.id for s in read("# A\n\none\n\n# A\n\ntwo\n\n# A 2\n\nthree\n").sections]
    assert len(set(ids)) == 3


def test_the_mark_up_of_a_heading_is_not_in_its_title() -> None:
    assert [s.title for s in read("# The **bold** `code` of [a link](https://example.org)\n").sections] == [
        "The bold code of a link"
    ]


def test_a_row_knows_the_header_of_its_own_table() -> None:
    text = "| A | B |\n|---|---|\n| 1 | 2 |\n\ntext\n\n| C | D |\n|---|---|\n| 3 | 4 |\n"
    assert [(u.text, u.header) for u in read(text).units] == [("1 | 2", "A | B"), ("text", ""), ("3 | 4", "C | D")]


def test_a_long_paragraph_is_cut_at_sentence_ends() -> None:
    sentences = [f"This is sentence number {n}, and it is here to fill the page." for n in range(30)]
    assert units("# T\n\n" + " ".join(sentences) + "\n") == [("paragraph", "doc#t", s) for s in sentences]


def test_a_short_paragraph_stays_whole() -> None:
    assert units("# T\n\nOne. Two. Three.\n") == [("paragraph", "doc#t", "One. Two. Three.")]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Restore disk", "restore-disk"),
        ("  Tools & agents!  ", "tools-agents"),
        ("Café Zoë", "cafe-zoe"),
        ("日本語", "section"),
        ("", "section"),
        ("C++ / C#", "c-c"),
    ],
)
def test_slug(title: str, expected: str) -> None:
    assert slug(title) == expected


HOSTILE = {
    "brackets": "[" * 20_000,
    "brackets with ends": "[" * 20_000 + "]" * 20_000,
    "images": "![" * 20_000,
    "links": "[a](" * 20_000,
    "stars": "*a " * 20_000,
    "underscores": "__" * 20_000 + "a",
    "backticks": "`" * 20_000,
    "quotations": ">" * 20_000,
    "quotations with spaces": "> " * 20_000 + "a",
    "list markers": "- " * 20_000 + "a",
    "numbers": "1. " * 20_000 + "a",
    "pipes": "|" * 20_000 + "\n" + "|-" * 20_000,
    "less-than signs": "<" * 20_000,
    "heading of brackets": "# " + "[" * 20_000,
    "heading of links": "# " + "[a](" * 20_000,
    "dashes": "-" * 20_000,
    "front matter without an end": "---\n" + "a: b\n" * 20_000,
    "one long sentence": "a. " * 20_000,
    "spaces": "a" + " " * 20_000 + "b",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_read_within_a_second(text: str) -> None:
    read("# warm\n")
    start = time.thread_time()  # whatever else the machine is doing
    document = read(text)
    assert time.thread_time() - start < 1.0
    refuse_wrong_offsets(document)


NEWLINE = st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "\r\r", "\n\r"])
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=30)
LINE = st.one_of(
    WORDS,
    st.builds(
        "{}{} {}".format,
        st.sampled_from(["", " ", "   ", "    ", "\t"]),
        st.sampled_from(["#", "##", "###", "-", "*", "+", "1.", "23)", ">", "> -", "- [ ]", "- 1."]),
        WORDS,
    ),
    st.builds("| {} | {} |".format, WORDS, WORDS),
    st.builds("{} | {}".format, WORDS, WORDS),
    st.sampled_from(
        [
            "",
            "---",
            "===",
            "***",
            "|---|---|",
            "--- | :-:",
            "```",
            "~~~",
            "    code",
            "<div>",
            "</div>",
            "<!-- x",
            "-->",
            "\\",
            "\f",
            "\x0b",
            "\x1c",
            "\x85",
            "\u2028",
        ]
    ),
)
TEXT = st.builds(
    lambda front, lines: front + "".join(a + b for a, b in lines),
    st.sampled_from(["", "---\ntitle: x\n---\n", "---\r\nt: |\r\n  é\r\n---\r\n", "---\r", "---\n", "\ufeff"]),
    st.lists(st.tuples(LINE, NEWLINE), max_size=25),
)


@given(TEXT)
@example("a\x0bb\x0c\x1c\x1d\x1e\x85\u2028\u2029c\n\nd")
@example("- a\r\n\t- b\r\n\t\t> c\r\n")
@example("\x00# A\n\n\x00b")
def test_every_offset_is_exact(text: str) -> None:
    refuse_wrong_offsets(read(text))


@given(st.text(max_size=400))
def test_every_offset_is_exact_in_any_text(text: str) -> None:
    refuse_wrong_offsets(read(text))


@given(TEXT)
def test_the_same_text_gives_the_same_document(text: str) -> None:
    assert read(text) == read(text)


@given(st.lists(st.sampled_from(["A", "a", "A 2", "A 3", "A 2 2", "!", "Section", "section 2", "日本"]), max_size=8))
def test_every_section_has_an_id_of_its_own(titles: list[str]) -> None:
    ids = [s.id for s in read("".join(f"# {t}\n\ntext\n\n" for t in titles)).sections]
    assert sorted(set(ids)) == sorted(ids)
