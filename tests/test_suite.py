"""Suites are read whole or refused with every fault, its file, line, case and remedy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from assistant.errors import SuiteError
from assistant.evals.anchor import Corpus, Span, normal
from assistant.evals.form import schemas
from assistant.evals.suite import Suite, load_suites
from assistant.pack import Pack

ROOT = Path(__file__).resolve().parent.parent
PACK = ROOT / "tests/packs/bicycles"
ROW = "On-premises | Linux | Physical | Files, folders, volumes, system state, app data | Not supported"
GOOD = f"""\
suite: notes
version: 1
corpus: azure-backup
cases:
- id: physical-linux
  tags: [matrix]
  ask: Can I back up a physical on-premises Linux server?
  paraphrases: ["We have a bare-metal Ubuntu box in our data center. Can it be protected?"]
  expect:
    status: not_supported
    facts: {{location: on_premises, os: linux, environment: physical}}
    cite: [{{any: ["{ROW}"]}}]
    nuggets: [{{any: [not supported, "re:can(no|')t"]}}]
    forbid: [MARS can]
- id: then-encrypted
  turns:
  - {{ask: "Can I use Replace existing?", expect: {{status: [depends], asks: encryption}}}}
  - {{ask: It is encrypted., expect: {{status: not_supported}}}}
- id: claim
  text: MARS backs up Linux.
  expect: {{standing: contradicted}}
"""


def written(folder: Path, text: str, name: str = "notes.yaml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def faults(folder: Path, text: str) -> list[str]:
    """What is wrong with a suite, without the folder's name."""
    with pytest.raises(SuiteError) as caught:
        load_suites([written(folder, text)])
    return [f.replace(f"{folder}/", "") for f in caught.value.faults]


@pytest.fixture
def good(tmp_path: Path) -> Suite:
    return load_suites([written(tmp_path, GOOD)])[0]


def test_every_phrasing_and_every_judged_turn_is_a_case(good: Suite) -> None:
    assert [(c.key, c.id, c.variant, c.kind, c.last, c.turns) for v in good.conversations for c in v.cases] == [
        ("notes/physical-linux", "notes/physical-linux", 0, "ask", True, ("Can I back up a physical on-premises Linux server?",)),
        ("notes/physical-linux~1", "notes/physical-linux", 1, "ask", True, ("We have a bare-metal Ubuntu box in our data center. Can it be protected?",)),
        ("notes/then-encrypted:1", "notes/then-encrypted", 0, "ask", False, ("Can I use Replace existing?",)),
        ("notes/then-encrypted:2", "notes/then-encrypted", 0, "ask", True, ("Can I use Replace existing?", "It is encrypted.")),
        ("notes/claim", "notes/claim", 0, "text", True, ("MARS backs up Linux.",)),
    ]  # fmt: skip


def test_gold_is_anchored_in_the_section_that_holds_it(good: Suite) -> None:
    case = good.conversations[0].cases[0]
    assert [{s.section_id for s in group} for group in case.gold] == [{"features#support-matrix"}]
    assert case.corpus.texts["features#support-matrix"][case.gold[0][0].start : case.gold[0][0].end] == normal(ROW)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("  tags: [matrix]", "  tag: [matrix]", "notes.yaml:6: case physical-linux: unknown key 'tag'; did you mean 'tags'?"),
        ("    forbid:", "    forbids:", "notes.yaml:14: case physical-linux: unknown key 'forbids'; did you mean 'forbid'?"),
        ("version: 1", "versoin: 1", "notes.yaml:1: `version:` is missing"),
        ("status: not_supported\n", "status: not_suported\n", "notes.yaml:10: case physical-linux: expect.status: unknown status 'not_suported'; did you mean 'not_supported'?"),
        ("- id: claim", "- id: physical-linux", "notes.yaml:19: case physical-linux: the id is taken at notes.yaml:5; give it another"),
        ("os: linux,", "os: linus,", "notes.yaml:5: case physical-linux: unknown value 'linus' of os; did you mean 'linux'?"),
        ("os: linux,", "oss: linux,", "notes.yaml:5: case physical-linux: unknown dimension 'oss'; did you mean 'os'?"),
        ("asks: encryption", "asks: encrypted", "notes.yaml:15: case then-encrypted: asks for unknown dimension 'encrypted'; did you mean 'encryption'?"),
        ("re:can(no|')t", "re:can(no", "notes.yaml:13: case physical-linux: expect.nuggets.any: 're:can(no' is no regular expression: missing ), unterminated subpattern at position 3"),
        ("corpus: azure-backup", "corpus: azure-backups", "notes.yaml:3: corpus 'azure-backups': unknown pack 'azure-backups'; did you mean 'azure-backup'?"),
        ("  expect: {standing: contradicted}", "  expect: {status: supported}", "notes.yaml:19: case claim: a text is judged by `claims:`, or by `standing:` as a whole"),
        ("  text: MARS", "  ask: Hello?\n  text: MARS", "notes.yaml:19: case claim: needs exactly one of `ask:`, `turns:` and `text:`"),
        ("- id: claim", "- id: Claim 1", "notes.yaml:19: case Claim 1: id: String should match pattern '^[a-z0-9][a-z0-9._-]{0,119}$'; found 'Claim 1'"),
    ],
)  # fmt: skip
def test_a_fault_says_file_line_case_and_remedy(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in GOOD
    assert expected in faults(tmp_path, GOOD.replace(old, new, 1))


def test_a_gold_quote_that_left_the_documents_is_named_with_the_nearest_place(tmp_path: Path) -> None:
    assert faults(tmp_path, GOOD.replace("Physical | Files", "Physical | Films")) == [
        f"notes.yaml:5: case physical-linux: gold quote {ROW.replace('Files', 'Films')!r} stands nowhere in azure-backup; nearest: {ROW!r}"
    ]


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    assert (
        len(faults(tmp_path, GOOD.replace("os: linux", "oss: linux").replace("asks: encryption", "asks: nothing"))) == 2
    )


def test_the_same_question_cannot_end_in_two_ways(tmp_path: Path) -> None:
    twin = "- {id: twin, ask: can i back up a PHYSICAL on-premises Linux server?, expect: {status: supported}}\n"
    asked = "'can i back up a PHYSICAL on-premises Linux server?'"
    assert faults(tmp_path, GOOD + twin) == [
        f"notes.yaml:22: case twin: notes/physical-linux asks {asked} too and expects another status; mend one"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "notes.yaml: the file is empty; see evals/README.md for the form of a suite"),
        ("# nothing\n", "notes.yaml: the file is empty; see evals/README.md for the form of a suite"),
        ("a: [1", "notes.yaml:2: not YAML: did not find expected ',' or ']'; check indentation, colons and quotation marks"),
        ("a: 1\na: 2\n", "notes.yaml:2: key 'a' is given twice"),
        ("a: &x [1]\nb: *x\n", "notes.yaml:2: alias *x; write the value out"),
        ("a: 1\n---\nb: 2\n", "notes.yaml:2: a second document begins; keep one per file"),
        ("a: !!python/object:os.system x\n", "notes.yaml:1: tag tag:yaml.org,2002:python/object:os.system; plain values only"),
        ("[" * 30 + "]" * 30, "notes.yaml:1: nested deeper than 20 levels"),
        ("- a\n- b\n", "notes.yaml:1: Input should be a valid dictionary or instance of SuiteForm"),
        ("suite: s\nversion: 1\ncorpus: azure-backup\ncases: []\n", "notes.yaml:4: cases: Tuple should have at least 1 item after validation, not 0"),
        ("a: \x00\n", "notes.yaml: not YAML: unacceptable character #x0000: control characters are not allowed"),
    ],
)  # fmt: skip
def test_what_is_no_suite_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    assert faults(tmp_path, text)[0] == expected


def test_an_alias_bomb_costs_nothing(tmp_path: Path) -> None:
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert faults(tmp_path, "\n".join(["l0: &l0 [lol]", *levels])) == ["notes.yaml:2: alias *l0; write the value out"]


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "huge.yaml").open("wb") as file:
        file.truncate(100 * 2**20)
    with pytest.raises(SuiteError, match=r"huge\.yaml: larger than 4 MB; split it"):
        load_suites([tmp_path / "huge.yaml"])


def test_what_cannot_be_opened_says_why(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"suite: \xe9")
    with pytest.raises(SuiteError) as caught:
        load_suites([tmp_path / "none.yaml", tmp_path, tmp_path / "latin.yaml"])
    assert [f.partition(": ")[2] for f in caught.value.faults] == [
        "No such file or directory; check the path", "Is a directory; check the path", "byte 7 is not UTF-8; save the file as UTF-8",
    ]  # fmt: skip


def test_no_stays_a_word(tmp_path: Path) -> None:
    text = "suite: s\nversion: 1\ncorpus: azure-backup\ncases:\n- {id: a, ask: A?, expect: {facts: {mars_on_server: no}}}\n"
    assert load_suites([written(tmp_path, text)])[0].conversations[0].cases[0].facts == {"mars_on_server": ("no",)}


# ---- grids

CELLS = "id,decision,location,os,status,quote,note\na,backup,on_premises,linux,depends|supported,,\nb,backup,,windows,supported,,\n"
GRID = """\
suite: grid
version: 1
corpus: azure-backup
cells: cells.csv
words:
  os: {windows: [Windows, Windows Server]}
decisions:
  backup:
    words: {location: {on_premises: [here]}}
    templates: ["can a[ {os}] box {location|anywhere} be backed up?", "[{location}: ]is {os} fine?"]
"""


def grid(folder: Path, cells: str = CELLS, form: str = GRID) -> Path:
    (folder / "cells.csv").write_text(cells, encoding="utf-8")
    return written(folder, form, "grid.yaml")


def test_each_row_is_asked_by_each_template(tmp_path: Path) -> None:
    suite = load_suites([grid(tmp_path)])[0]
    assert [(c.key, c.turns[0], c.cases[0].expect.status, dict(c.cases[0].facts)) for c in suite.conversations] == [
        ("grid/a", "Can a linux box here be backed up?", ("depends", "supported"), {"location": ("on_premises",), "os": ("linux",)}),
        ("grid/a~1", "Here: is linux fine?", ("depends", "supported"), {"location": ("on_premises",), "os": ("linux",)}),
        ("grid/b", "Can a Windows box anywhere be backed up?", ("supported",), {"os": ("windows",)}),
        ("grid/b~1", "Is Windows Server fine?", ("supported",), {"os": ("windows",)}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a,backup", "a,backups", "cells.csv:2: row a: unknown decision 'backups'; did you mean 'backup'?"),
        ("b,backup,,windows,supported", "b,backup,,windows,suported", "cells.csv:3: row b: unknown status 'suported'; did you mean 'supported'?"),
        ("b,backup,,windows", "b,backup,,", "cells.csv:3: row b: template 2 of 'backup' needs 'os'; fill it or write {os|…}"),
        ("b,backup,,windows,supported,,", "b,backup,,windows", "cells.csv:3: 7 cells expected; quote cells that hold a comma"),
        ("b,backup", "a,backup", "cells.csv:3: case a: the id is taken at cells.csv:2; give it another"),
        ("id,decision", "id,decisions", "cells.csv:1: no column decision; a grid has id, decision, status, quote, note and one per fact"),
        ("supported,,\n", "supported,Films,\n", "cells.csv:2: case a: gold quote 'Films' stands nowhere in azure-backup; nothing is like it"),
        (",os,", ",oss,", "cells.csv:2: row a: template 2 of 'backup' needs 'os'; fill it or write {os|…}"),
    ],
)  # fmt: skip
def test_a_fault_of_a_cell_says_its_line(tmp_path: Path, old: str, new: str, expected: str) -> None:
    with pytest.raises(SuiteError) as caught:
        load_suites([grid(tmp_path, CELLS.replace(old, new, 1))])
    assert caught.value.faults[0].replace(f"{tmp_path}/", "").startswith(expected)


# ---- what editors are told


def test_the_published_schemas_are_what_the_loader_reads() -> None:
    assert {f.name: f.read_text(encoding="utf-8") for f in (ROOT / "evals/schema").iterdir()} == schemas()


@pytest.mark.parametrize(("name", "text"), [("suite", GOOD), ("grid", GRID)])
def test_a_good_file_fits_its_schema(name: str, text: str) -> None:
    Draft202012Validator(json.loads(schemas()[f"{name}.schema.json"])).validate(yaml.safe_load(text))


# ---- anchors


def test_quotes_are_found_whatever_their_marks(azure: Pack) -> None:
    corpus = Corpus(azure)
    places = corpus.find(ROW)
    for same in (
        f"| {ROW} |",
        ROW.replace(" | ", "|"),
        ROW.replace(" ", "\u00a0"),
        f"**{ROW}**",
        ROW.replace(", ", ",\n  "),
    ):
        assert corpus.find(same) == places != ()
    assert (corpus.find(""), corpus.find(ROW.upper())) == ((), ())


def test_every_unit_of_the_documents_is_found_in_its_section(azure: Pack) -> None:
    corpus = Corpus(azure)
    lost = [
        u.text
        for d in azure.documents
        for u in d.units
        if u.section_id not in {s.section_id for s in corpus.find(u.text)}
    ]
    assert lost == []


def test_stretches_meet_when_they_share_a_character() -> None:
    assert [Span("a", 0, 5).meets(Span(s, a, b)) for s, a, b in (("a", 4, 9), ("a", 5, 9), ("b", 0, 5))] == [
        True,
        False,
        False,
    ]
