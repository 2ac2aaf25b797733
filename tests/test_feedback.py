"""Feedback becomes drafts, drafts become cases when a human says what is right; other lists become suites."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import SuiteError
from assistant.evals.feedback import as_yaml, harvest, known_turns, promote, scrubbed, write_drafts, written
from assistant.evals.imports import from_csv, from_promptfoo
from assistant.evals.near import Near
from assistant.evals.scaffold import new
from assistant.evals.suite import load_suites
from assistant.evals.yamlfile import Tree, parse
from assistant.index import ensure
from assistant.pack import Pack, load

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
GARDEN = ROOT / "tests/packs/garden"
QUOTE = "Turn the heap every four weeks, so that air reaches the middle."
HEAD = f"suite: drafts\nversion: 1\ncorpus: {GARDEN}\ncases:\n"
ANSWER = {"status": "supported", "text": "Yes, says kim@example.org.", "citations": [{"quote": QUOTE}], "facts": {}}


def inbox(folder: Path, *records: object) -> Path:
    file = folder / "inbox.jsonl"
    file.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in records) + "\n", encoding="utf-8")
    return file


def given_(*turns: str, **more: object) -> dict[str, object]:
    return {
        "turns": list(turns),
        "answer": ANSWER,
        "rating": "down",
        "reason": "wrong verdict",
        "versions": {"pack": "garden@1"},
        **more,
    }


def test_a_draft_says_what_was_observed_and_expects_nothing(tmp_path: Path) -> None:
    found = harvest(
        written([inbox(tmp_path, given_("How often do I turn it?", correction="every 4 weeks", answer_id="ans_1"))])
    )
    (draft,) = found.drafts
    assert {k: v for k, v in draft.items() if k != "id"} == {
        "tags": ["feedback"],
        "ask": "How often do I turn it?",
        "observed": {
            "status": "supported", "text": "Yes, says [mail].", "quotes": [QUOTE], "rating": "down", "reason": "wrong verdict",
            "correction": "every 4 weeks", "versions": ["pack garden@1"],
        },
    }  # fmt: skip


def test_the_same_question_comes_once(tmp_path: Path) -> None:
    lines = [given_("How often?"), given_(" how  OFTEN"), given_("How often?", "And tomatoes?"), given_("Known?")]
    found = harvest(written([inbox(tmp_path, *lines)]), [("known",)])
    assert ([d.get("ask") or d.get("turns") for d in found.drafts], found.lines, found.doubles) == (
        ["How often?", [{"ask": "How often?"}, {"ask": "And tomatoes?"}]], 4, 2,
    )  # fmt: skip


def test_the_same_question_in_other_words_comes_once_and_says_what_it_was_taken_for(
    tmp_path: Path, azure: Pack, home: Path
) -> None:
    lines = [
        given_("Can MARS back up files of an on-premises Linux VM?"),
        given_("Does MARS back up files of a Linux VM on-premises?"),
        given_("Can MARS back up files of an on-premises Windows VM?"),
        given_("Can MARS back up files of an on-premises Linux VM?", "And its volumes?"),
        given_("How long can it take to transfer a snapshot to the vault?"),
    ]
    known = [("How long can the transfer of a snapshot to the vault take?",)]
    found = harvest(written([inbox(tmp_path, *lines)]), known, Near(azure, ensure(azure, home).vector))
    assert [d.get("ask") or "talk" for d in found.drafts] == [lines[0]["turns"][0], lines[2]["turns"][0], "talk"]  # type: ignore[index]  # a list
    assert (found.doubles, found.alike) == (
        0,
        (
            ("Does MARS back up files of a Linux VM on-premises?", "Can MARS back up files of an on-premises Linux VM?"),
            ("How long can it take to transfer a snapshot to the vault?", "How long can the transfer of a snapshot to the vault take?"),
        ),
    )  # fmt: skip


def test_the_model_is_not_asked_where_readings_differ_or_nothing_is_read(azure: Pack) -> None:
    def never(text: str) -> NDArray[np.float32]:
        raise AssertionError(text)

    near, garden = Near(azure, never), Near(load(GARDEN), never)
    assert [near.met((f"Can MARS back up a physical {os} server?",)) for os in ("Linux", "Windows")] == [None, None]
    assert [garden.met(("How often do I turn the heap?",)) for _ in range(2)] == [None, None]
    assert [near.met(("x" * 100_000,)) for _ in range(2)] == [None, None]


def test_what_is_drafted_or_in_a_suite_already_is_known(tmp_path: Path) -> None:
    write_drafts(
        harvest(written([inbox(tmp_path, given_("One?"), given_("Two?", "Three?"))])).drafts,
        tmp_path / "drafts.yaml",
        HEAD,
    )
    suite = tmp_path / "s.yaml"
    suite.write_text(
        f"suite: s\nversion: 1\ncorpus: {GARDEN}\ncases:\n- {{id: a, ask: Four?, expect: {{status: information}}}}\n",
        encoding="utf-8",
    )
    known = known_turns([suite], tmp_path / "drafts.yaml", None)
    assert known == [("Four?",), ("One?",), ("Two?", "Three?")]
    assert (
        harvest(written([inbox(tmp_path, given_("one"), given_("Two?", "Three"), given_("Four"))]), known).drafts == ()
    )


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("write to kim.lee+x@mail.example.co.uk now", "write to [mail] now"),
        ("subscription 6f1c2d3e-4b5a-6789-abcd-ef0123456789!", "subscription [guid]!"),
        ("host 10.1.2.254, mask 255.255.255.0.", "host [ip], mask [ip]."),
        ("fe80::1ff:fe23:4567:890a or ::1 or 2001:0db8:85a3:0000:0000:8a2e:0370:7334", "[ip] or [ip] or [ip]"),
        (
            "version 6.0.3, at 10:45:00, DPM 2019 UR4, AES 256-bit",
            "version 6.0.3, at 10:45:00, DPM 2019 UR4, AES 256-bit",
        ),
    ],
)
def test_addresses_are_scrubbed(text: str, clean: str) -> None:
    assert scrubbed(text) == clean


def test_lines_that_cannot_be_read_are_told_and_the_others_kept(tmp_path: Path) -> None:
    file = inbox(tmp_path, "{", given_("Fine?"), {"turns": []}, {"turns": [3]}, "[]", "[" * 100_000)
    found = harvest(written([file]))
    assert [d["ask"] for d in found.drafts] == ["Fine?"]
    assert [f.removeprefix(f"{file}:").split(":")[0] for f in found.faults] == ["1", "3", "4", "5", "6"]


@given(st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=3))
def test_any_words_come_back_from_a_draft_as_they_were(turns: list[str]) -> None:
    draft: dict[str, Tree] = {"id": "a", "turns": [{"ask": scrubbed(turn)} for turn in turns]}
    assert parse(as_yaml([draft]), Path("x.yaml")).tree == [draft]


# ---- promoting


def drafted(folder: Path, expect: str = "{status: information, cite: [{any: ['" + QUOTE + "']}]}") -> tuple[Path, Path]:
    """Drafts, of which the first has been given its expectation, and a suite."""
    drafts, suite = folder / "drafts.yaml", folder / "from-chat.yaml"
    drafts.write_text(
        f"# ours\n{HEAD}- id: one\n  ask: How often do I turn it?\n  observed: {{status: supported}}\n" + (f"  expect: {expect}\n" if expect else "") + "- id: two\n  ask: Two?\n  observed: {status: supported}\n",
        encoding="utf-8",
    )  # fmt: skip
    suite.write_text(
        f"# kept\nsuite: from-chat\nversion: 1\ncorpus: {GARDEN}\ncases:\n- {{id: a, ask: A?, expect: {{status: information}}}}",
        encoding="utf-8",
    )
    return drafts, suite


def test_a_draft_moves_into_the_suite_without_what_was_observed(tmp_path: Path) -> None:
    drafts, suite = drafted(tmp_path)
    promote("one", drafts, suite, None)
    assert [c.key for c in load_suites([suite])[0].conversations] == ["from-chat/a", "from-chat/one"]
    assert (
        suite.read_text(encoding="utf-8").startswith("# kept\nsuite"),
        "observed" in suite.read_text(encoding="utf-8"),
    ) == (True, False)
    assert parse(drafts.read_text(encoding="utf-8"), drafts).tree == {
        "suite": "drafts", "version": "1", "corpus": str(GARDEN), "cases": [{"id": "two", "ask": "Two?", "observed": {"status": "supported"}}],
    }  # fmt: skip


def test_after_the_last_draft_more_can_be_harvested(tmp_path: Path) -> None:
    drafts, suite = drafted(tmp_path)
    text = drafts.read_text(encoding="utf-8")
    drafts.write_text(text[: text.index("- id: two")], encoding="utf-8")
    promote("one", drafts, suite, None)
    write_drafts(harvest(written([inbox(tmp_path, given_("Three?"))])).drafts, drafts, HEAD)
    assert known_turns([], drafts, None) == [("Three?",)]


@pytest.mark.parametrize(
    ("name", "expect", "expected"),
    [
        ("tow", "{status: information}", "no draft 'tow'; did you mean 'two'?"),
        (
            "two",
            "{status: information}",
            "case two: write what is right under `expect:` first; what was observed is not gold",
        ),
        ("one", "{status: perhaps}", "unknown status 'perhaps'"),
        ("one", "{status: information, cite: [{any: [Films]}]}", "gold quote 'Films' stands nowhere in garden"),
    ],
)
def test_what_is_not_ready_stays_a_draft_and_nothing_is_changed(
    tmp_path: Path, name: str, expect: str, expected: str
) -> None:
    drafts, suite = drafted(tmp_path, expect)
    before = (drafts.read_bytes(), suite.read_bytes())
    with pytest.raises(SuiteError) as caught:
        promote(name, drafts, suite, None)
    assert expected in caught.value.faults[0]
    assert (drafts.read_bytes(), suite.read_bytes()) == before


# ---- other people's lists


def imported(folder: Path, drafts: list[object]) -> list[str]:
    """Keys of the suite that the drafts make."""
    write_drafts(drafts, folder / "imported.yaml", HEAD.replace("drafts", "imported"))  # type: ignore[arg-type]
    return [c.key for c in load_suites([folder / "imported.yaml"])[0].conversations]


def test_a_csv_becomes_a_suite(tmp_path: Path) -> None:
    file = tmp_path / "q.csv"
    file.write_text(
        f'id,question,expected_verdict,quote,must_mention,tags\nA 1,"How often, please?",information,"{QUOTE}",four|4;weeks,x;y\n,Plain?,,,,\n',
        encoding="utf-8",
    )
    drafts = from_csv(file)
    assert drafts == [
        {"id": "a-1", "tags": ["x", "y"], "ask": "How often, please?", "expect": {"status": ["information"], "cite": [{"any": [QUOTE]}], "nuggets": [{"any": ["four", "4"]}, {"any": ["weeks"]}]}},
        {"id": "case-002", "ask": "Plain?", "expect": {"status": "information"}},
    ]  # fmt: skip
    assert imported(tmp_path, list(drafts)) == ["imported/a-1", "imported/case-002"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("questions\nA?\n", ":1: unknown column 'questions'; did you mean 'question'?"),
        ("id\na\n", ":1: no column 'question'"),
        ("question,expected_verdict\nA?,suported\n", ":2: unknown status 'suported'; did you mean 'supported'?"),
        ("question\n", ": no rows"),
        ('question\n"A', ":1: not CSV: unexpected end of data"),
    ],
)
def test_a_fault_of_a_csv_says_its_line(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "q.csv").write_text(text, encoding="utf-8")
    with pytest.raises(SuiteError) as caught:
        from_csv(tmp_path / "q.csv")
    assert caught.value.faults[0].removeprefix(str(tmp_path / "q.csv")).startswith(expected)


PROMPTFOO = """\
prompts: ['{{question}}']
tests:
- description: Turning
  vars: {question: How often?}
  assert:
  - {type: icontains, value: weeks}
  - {type: contains-all, value: [four, air]}
  - {type: not-contains, value: rats}
  - {type: regex, value: '\\d+'}
- vars: {q: Second?}
"""


def test_a_promptfoo_file_becomes_a_suite(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(PROMPTFOO, encoding="utf-8")
    drafts = from_promptfoo(tmp_path / "p.yaml")
    assert drafts == [
        {"id": "turning", "ask": "How often?", "expect": {"nuggets": [{"any": ["weeks"]}, {"any": ["four"]}, {"any": ["air"]}, {"any": ["re:\\d+"]}], "forbid": ["rats"]}},
        {"id": "test-002", "ask": "Second?", "expect": {"status": "information"}},
    ]  # fmt: skip
    assert imported(tmp_path, list(drafts)) == ["imported/turning", "imported/test-002"]


def test_an_assertion_that_needs_a_judge_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(PROMPTFOO.replace("icontains", "llm-rubric"), encoding="utf-8")
    with pytest.raises(
        SuiteError, match=r"p.yaml:6: assertion 'llm-rubric' has no counterpart here; take it out first"
    ):
        from_promptfoo(tmp_path / "p.yaml")


# ---- a suite for other documents


def test_a_new_suite_is_valid_as_it_stands(tmp_path: Path) -> None:
    file = new("plants", GARDEN, tmp_path)
    suite = load_suites([file])[0]
    assert ([c.key for c in suite.conversations], suite.corpus.pack.name) == (
        ["plants/example-1", "plants/example-2", "plants/example-3", "plants/silent"], "garden",
    )  # fmt: skip
    with pytest.raises(SuiteError, match=r"plants\.yaml: is there already; take another name"):
        new("plants", GARDEN, tmp_path)
    with pytest.raises(SuiteError, match="name a suite in small letters"):
        new("My Plants", GARDEN, tmp_path)
