"""Any text to its sentences: lists, tables, quotes and code as they are meant, each at its exact place, nothing passed over."""

from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.engine import Assistant
from assistant.sentences import Sentence, sentences


def found(text: str) -> list[str]:
    return [text[s.start : s.end] for s in sentences(text)]


def said(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """How each sentence is read, and under what it stands; those that others stand under left out."""
    return [(" ".join(s.reads.split()), s.lead) for s in sentences(text) if not s.context]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1. Brake.\n2. Clutch.\n10. Gear.\n", ["Brake.", "Clutch.", "Gear."]),
        ("1) Brake\r\n2) Clutch\r\n", ["Brake", "Clutch"]),
        ("Steps: 1. Brake now. 2. Clutch.", ["Steps:", "Brake now.", "Clutch."]),
        ("So: (1) Brake now, (2) Clutch.", ["So:", "Brake now,", "Clutch."]),
        ("It takes 3. Then it ends.", ["It takes 3. Then it ends."]),
        ("- [x] Brake\n- [ ] Clutch\n", ["Brake", "Clutch"]),
        ("> Brake.\n> Clutch is\n> heavy.\n\nNo.", ["Brake.", "Clutch is\n> heavy.", "No."]),
        ("Gears: six\nBrakes: two\n", ["Gears: six", "Brakes: two"]),
        ("It is false that\ngears are six.\n", ["It is false that\ngears are six."]),
        ("## Gears ##\n\n*Six.*\n", ["Gears ##", "*Six.*"]),
        ("```md\n- Six.\n```\n", ["Six."]),
        ("```sh\nrun --it\n```\n", ["```sh\nrun --it\n```"]),
        ("| | A |\n|---|---|\n| b | yes |\n| c || \n", ["yes", "c |"]),
    ],
)
def test_a_text_falls_into_sentences(text: str, expected: list[str]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bike:\n- Brakes: no\n", [("Brakes: no", ("Bike:",))]),
        ("- Bike\n  - Gears:\n    - six\n  - brakes\n- Car\n  - doors\n",
         [("six", ("Bike:", "Gears:")), ("brakes", ("Bike:",)), ("doors", ("Car:",))]),
        ("- It is over.\n  - Six.\n", [("It is over.", ()), ("Six.", ())]),
        ("# Bike\n\nSix gears.\n\n- two brakes\n", [("Six gears.", ("Bike",)), ("two brakes", ("Bike",))]),
        ("# Bike\n\n## Brakes\n\nTwo.\n", [("Two.", ("Bike", "Brakes"))]),
        ("| | Bike | Car |\n|---|---|---|\n| Gears | ✓ | **No** (none) |\n",
         [("Gears Bike : yes", ()), ("Gears Car : no (none)", ())]),
        ("| Bike with gears | Supported |\n|---|---|\n| a red one | no |\n", [("a red one is not supported", ())]),
        ("| Step | What |\n|---|---|\n| 1 | Brake |\n", [("Brake", ())]),
        ("| Question | Answer |\n|---|---|\n| Is it red? | No |\n", [("it red : no", ())]),
        ("Q: Does it brake?\nA: Yes.\n", [("Q: Does it brake?", ()), ("Does it brake?".replace("Does ", "").rstrip("?") + " : yes", ())]),
        ("Which one is it?\n\nYes.\n", [("Which one is it?", ()), ("Yes.", ())]),
    ],
)  # fmt: skip
def test_a_sentence_is_read_with_what_it_stands_under(text: str, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert said(text) == expected


def test_a_long_paragraph_falls_apart_as_a_short_one_does() -> None:
    filler = "Gears are made of steel by somebody. " * 30
    tail = ["There are bikes, e.g. Red ones.", "Steps:", "Brake now.", "Clutch."]
    assert found(filler + "There are bikes, e.g. Red ones. Steps: 1. Brake now. 2. Clutch.")[-4:] == tail


def test_ten_thousand_headings_of_one_name_take_no_minute() -> None:
    began = time.monotonic()
    assert len(sentences("# Bike\n" * 10_000)) == 10_000
    assert time.monotonic() - began < 5.0


def test_an_empty_box_is_told_from_a_ticked_one() -> None:
    assert [s.unticked for s in sentences("- [x] Brake\n- [ ] Clutch\n")] == [False, True]


PIECES = st.sampled_from(
    ["MARS", "Linux", "yes", "no", "- ", "  - ", "1. ", "2) ", "(3) ", "[ ] ", "[x] ", "> ", ">> ", "# ", "## ", "```", "```sh", "~~~md", "    ",
     "| a | b |\n|---|---|\n", "| MARS | ✓ |\n", "|", "||", "Default: LRS", "\n", "\n\n", "\r\n", ": ", "? ", ". ", "**", "[1]", "e.g. ", "\\|", "✗", "24"]
)  # fmt: skip
STRUCTURE = re.compile(
    r"(?:[^\w]|(?<!\w)\d{1,9}[.)]|(?<=\[)[xX](?=\])|(?<=```)\S+|(?<=~~~)\S+|(?<=``` )\S+|(?<=~~~ )\S+)*"
)


def gaps(text: str, parts: list[Sentence]) -> list[str]:
    """What stands in no sentence."""
    ends = [0, *(p.end for p in parts)]
    return [text[a:b] for a, b in zip(ends, [*(p.start for p in parts), len(text)], strict=True) if a < b]


@given(st.lists(PIECES, max_size=30).map("".join))
def test_nothing_of_a_text_is_passed_over(text: str) -> None:
    parts = sentences(text)
    assert all(a.end <= b.start for a, b in pairwise(parts))
    assert all(len(p.reads) == p.end - p.start for p in parts if p.aligned)
    read = {w for p in parts for w in re.findall(r"\w+", p.reads)}
    left = [gap for gap in gaps(text, parts) if not STRUCTURE.fullmatch(gap)]
    assert [w for gap in left for w in re.findall(r"\w+", gap) if w not in read] == []


SHAPED = """# MARS

1. MARS is app-aware.
2. **LRS keeps nine copies.**
   - [x] GRS is not the default
> LRS keeps four copies.
> > MARS backs up Linux.

Default redundancy: LRS

- On-premises Linux VMs:
  - MARS: yes
  - DPM: no

| | MARS | DPM |
|---|:-:|---|
| app-aware | yes | ✗ |
| Linux VMs on-premises | ✓ | |

| Type | Copies | Where |
|---|---|---|
| LRS | 4 | same region |
"""


def test_a_corrected_text_keeps_its_shape(helper: Assistant) -> None:
    verified = helper.verify(SHAPED)
    shape = re.compile(r"^(?:[ >#-]|\d+\.|\[x\]|\*\*)*(?:Default redundancy:|MARS: |DPM: )?|\||\*\*$")
    before, after = SHAPED.splitlines(), verified.corrected.splitlines()
    assert [shape.findall(line) for line in after] == [shape.findall(line) for line in before]
    assert verified.summary.contradicted == 12
    assert helper.verify(verified.corrected).summary.contradicted == 0


def test_a_cell_says_how_it_was_read(helper: Assistant) -> None:
    claims = helper.verify("| | MARS | DPM |\n|---|---|---|\n| app-aware | ✗ | ✗ |\n").claims
    assert [(c.sentence, c.reads, c.standing) for c in claims] == [
        ("✗", "app-aware MARS : no", "proven"),
        ("✗", "app-aware DPM : no", "contradicted"),
    ]


@pytest.mark.parametrize(
    ("text", "standings"),
    [
        # a line that denies holds for what goes on from it, and leaves open what does not
        ("MARS does not:\n- back up volumes\n", ["proven"]),
        ("It is not true that:\n- GRS is the default.\n", ["not_covered"]),
        # the inner line says which of two is meant
        ("# Notes on MARS\n\n## DPM\n\nIt is app-aware.\n", ["proven"]),
        ("MARS supports:\n- [ ] Linux\n", ["not_covered"]),
        ("```sh\nLRS keeps three copies in one region\n```\n", ["not_covered"]),
        ("| Tool | app-aware |\n|---|---|\n| DPM 但不支持 | yes |\n", ["not_covered"]),
        ("| Tool || app-aware |\n|---|---|---|\n| DPM || yes |\n", ["proven"]),
        ("**Is MARS app-aware?** Yes.\n", ["not_covered", "contradicted"]),
    ],
)
def test_structure_counts(helper: Assistant, text: str, standings: list[str]) -> None:
    assert [c.standing for c in helper.verify(text).claims] == standings
