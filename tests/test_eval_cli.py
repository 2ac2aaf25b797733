"""``assistant eval`` as it is typed: what it prints, what it writes, and its exit codes; and pytest with our plugin."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.cli import main

ROOT = Path(__file__).resolve().parent.parent
GARDEN = ROOT / "tests/packs/garden"
SUITE = f"""\
suite: toys
version: 1
corpus: {GARDEN}
cases:
- {{id: apples, ask: Are apples fine?, expect: {{status: supported}}}}
- {{id: silence, ask: What of silence?, expect: {{status: supported}}}}
"""
TOY = ("--target", "py:tests.toys:toy")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with one suite; targets are found from the checkout."""
    (tmp_path / "toys.yaml").write_text(SUITE, encoding="utf-8")
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["eval", *arguments])
    out = capsys.readouterr()
    return code, out.out, out.err


def test_a_suite_is_run_accepted_gated_shown_compared_and_exported(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "evals").mkdir()
    (here / "evals/gate.toml").write_text("[regression]\nallow_broken = 0\n", encoding="utf-8")
    code, out, err = said(capsys, "run", "toys.yaml", *TOY, "--into", "one")
    assert (code, out.splitlines()[-1], err) == (0, "one/report.html", "")
    assert {f.name for f in (here / "one").iterdir()} == {
        ".lock", "env.json", "run.jsonl", "scores.jsonl", "summary.json", "timing.json", "report.md", "report.html",
    }  # fmt: skip
    assert said(capsys, "accept", "one")[:2] == (0, "evals/baselines/main.json\n")
    code, out, _ = said(
        capsys, "run", "toys.yaml", "--target", "py:tests.toys:worse", "--into", "two", "--baseline", "main", "--gate"
    )
    assert code == 1
    assert "gate: fell (0 of 1 checks hold)\n  fell  broken cases: 1 broken, at most 0: toys/apples\n" in out
    assert said(capsys, "report", "one", "--baseline", "main", "--gate")[0] == 0
    code, out, _ = said(capsys, "compare", "one", "two")
    assert (code, "broken  toys/apples (verdict)" in out) == (0, True)
    code, out, _ = said(capsys, "show", "two", "toys/apples")
    assert (code, out.splitlines()[:5]) == (0, ["toys/apples", "", "asked", "  Are apples fine?", ""])
    for form, file in (("csv", "one/scores.csv"), ("junit", "one/junit.xml"), ("inspect", "one/inspect/20")):
        code, out, _ = said(capsys, "export", "one", "--to", form)
        assert (code, out[: len(file)]) == (0, file)
        assert (here / out.strip()).stat().st_size > 100


def test_every_verb_says_the_same_as_json(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "gate.toml").write_text("[floors]\nverdict = 1.0\n", encoding="utf-8")
    code, out, _ = said(capsys, "run", "toys.yaml", *TOY, "--into", "one", "--gate", "gate.toml", "--json")
    found = json.loads(out)
    assert (code, found["report"], found["scored"], found["figures"]["all"]["verdict"]["mean"], found["gate"]["passed"]) == (
        1, "one/report.html", 2, 0.5, False,
    )  # fmt: skip
    said(capsys, "run", "toys.yaml", "--target", "py:tests.toys:worse", "--into", "two")
    compared = json.loads(said(capsys, "compare", "one", "two", "--json")[1])["comparison"]
    assert (compared["baseline"], compared["broken"]) == ("one", [{"key": "toys/apples", "metrics": ["verdict"]}])
    assert json.loads(said(capsys, "show", "two", "toys/apples", "--json")[1])["scores"]["verdict"] == 0.0
    assert json.loads(said(capsys, "validate", "toys.yaml", "--json")[1])["cases"] == 2
    assert json.loads(said(capsys, "accept", "one", "--json")[1]) == {"file": "evals/baselines/main.json"}
    assert json.loads(said(capsys, "export", "one", "--to", "csv", "--json")[1]) == {"files": ["one/scores.csv"]}


def test_scoring_again_writes_the_same_bytes(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "run", "toys.yaml", *TOY, "--into", "one")
    before = {
        name: (here / "one" / name).read_bytes()
        for name in ("scores.jsonl", "summary.json", "report.html", "report.md")
    }
    assert said(capsys, "score", "one")[0] == 0
    assert {name: (here / "one" / name).read_bytes() for name in before} == before


def test_a_run_without_a_folder_gets_one_under_runs(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "run", "toys.yaml", *TOY)
    (folder,) = (here / "runs").iterdir()
    assert (code, out.splitlines()[-1], "-toys" in folder.name) == (0, f"runs/{folder.name}/report.html", True)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("validate", "none.yaml"), "assistant: none.yaml: No such file or directory; check the path"),
        (("run", "none.yaml"), "assistant: none.yaml: No such file or directory; check the path"),
        (("run", "toys.yaml", "--baseline", "main"), "assistant: evals/baselines/main.json: no such baseline; `assistant eval accept RUN` writes one"),
        (("run", "toys.yaml", "--gate"), "assistant: evals/gate.toml: [Errno 2] No such file or directory: 'evals/gate.toml'"),
        (("report", "none"), "assistant: none: no run folder (FileNotFoundError: [Errno 2] No such file or directory: 'none/env.json'); name a folder under runs/"),
        (("promote", "x", "--suite", "toys.yaml"), "assistant: evals/feedback/drafts.yaml: No such file or directory; check the path"),
        (("new", "mine", "--corpus", "none"), "assistant: none: no such "),
    ],
)  # fmt: skip
def test_a_mistake_of_the_caller_is_2_and_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], expected: str
) -> None:
    code, out, err = said(capsys, *arguments)
    assert (code, out, err.splitlines()[0][: len(expected)]) == (2, "", expected)


def test_a_hundred_faults_are_counted_and_twenty_shown(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"- {{id: c{n}, ask: A{n}?, expect: {{status: no}}}}" for n in range(100)]
    (here / "bad.yaml").write_text(
        "\n".join(["suite: bad", "version: 1", f"corpus: {GARDEN}", "cases:", *rows]), encoding="utf-8"
    )
    code, _, err = said(capsys, "validate", "bad.yaml")
    assert (code, len(err.splitlines()), err.splitlines()[-1]) == (2, 21, "assistant: and 80 faults more")


def test_a_target_that_fails_is_3_and_says_how_to_go_on(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "toys.yaml").write_text(
        SUITE + "- {id: bad, ask: garbage, expect: {status: supported}}\n", encoding="utf-8"
    )
    code, out, err = said(capsys, "run", "toys.yaml", *TOY, "--into", "one", "--processes", "1")
    assert (code, out) == (3, "")
    assert err.splitlines()[0] == "assistant: what was answered is kept; --into one goes on from there"
    assert err.splitlines()[1].startswith("assistant: toys/bad: py:tests.toys:toy: status of the answer:")
    assert len((here / "one/run.jsonl").read_text(encoding="utf-8").splitlines()) == 2


def test_feedback_goes_from_an_inbox_to_a_suite(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "in.jsonl").write_text(json.dumps({"turns": ["Fresh?"], "rating": "up"}) + "\n{\n", encoding="utf-8")
    code, out, err = said(
        capsys, "harvest", "in.jsonl", "--drafts", "d.yaml", "--known", "toys.yaml", "--corpus", str(GARDEN)
    )
    assert (code, out) == (2, "d.yaml: 1 drafts of 2 lines, 0 known, 0 alike, 1 unreadable\n")
    assert err.startswith("assistant: in.jsonl:2: not JSON")
    text = (here / "d.yaml").read_text(encoding="utf-8")
    (here / "d.yaml").write_text(text + "  expect: {status: information}\n", encoding="utf-8")
    name = text.partition("- id: ")[2].split()[0]
    assert said(capsys, "promote", name, "--drafts", "d.yaml", "--suite", "toys.yaml")[:2] == (0, "toys.yaml\n")
    assert said(capsys, "validate", "toys.yaml", "d.yaml")[1] == ""
    assert said(capsys, "validate", "toys.yaml")[1] == "toys: 3 cases in 3 phrasings, gold found in garden\n"


def test_an_import_and_a_new_suite_are_written_once(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "q.csv").write_text("question\nA?\n", encoding="utf-8")
    arguments = ("import", "q.csv", "--from", "csv", "--corpus", str(GARDEN), "--into", "mine.yaml")
    assert said(capsys, *arguments)[0] == 0
    assert (said(capsys, *arguments)[0], said(capsys, "new", "mine", "--corpus", str(GARDEN))[0]) == (2, 2)
    assert said(capsys, "new", "plants", "--corpus", str(GARDEN))[:2] == (
        0, "plants.yaml: replace the examples by your questions, then assistant eval run plants.yaml\n",
    )  # fmt: skip
    assert said(capsys, "validate", "mine.yaml", "plants.yaml")[0] == 0


def test_the_command_line_opens_without_any_library_of_evaluation() -> None:
    code = (
        "import sys; import assistant.cli; print(*sorted({'yaml', 'pydantic', 'numpy', 'filelock'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


# ---- pytest


def pytested(*arguments: str) -> tuple[int, str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "assistant.evals.pytest_plugin",
        "-p",
        "no:cacheprovider",
        "-q",
        *arguments,
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    return done.returncode, done.stdout + done.stderr


SUITED = ("--eval-suite", "toys.yaml", "--eval-target", "py:tests.toys:toy")


def test_pytest_has_a_test_for_each_case_and_its_failure_can_be_read(here: Path) -> None:
    (here / "test_own.py").write_text("def test_own(): raise AssertionError('not asked for')\n", encoding="utf-8")
    code, out = pytested(*SUITED)
    assert (code, out.splitlines()[-1].split(" in ")[0]) == (1, "1 failed, 1 passed")
    wrong = "asked     What of silence?\nexpected  supported\nsaid      not_stated\nbecause   said not_stated, expected supported"
    assert wrong in out
    assert "Traceback" not in out


def test_with_a_baseline_what_was_wrong_there_is_expected_and_the_gate_is_a_test(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said(capsys, "run", "toys.yaml", *TOY, "--into", "one")
    said(capsys, "accept", "one", "--as", "toys")
    (here / "gate.toml").write_text("[floors]\nverdict = 0.5\n", encoding="utf-8")
    judged = ("--eval-baseline", "evals/baselines/toys.json", "--eval-gate", "gate.toml")
    code, out = pytested(*SUITED, *judged)
    assert (code, out.splitlines()[-1].split(" in ")[0]) == (0, "2 passed, 1 xfailed")
    code, out = pytested(*SUITED[:3], "py:tests.toys:worse", *judged)
    assert (code, out.splitlines()[-1].split(" in ")[0]) == (1, "2 failed, 1 xfailed")
    assert "verdict: 0.0000, floor 0.5 (n 2)\nbroken cases: 1 broken, at most 0: toys/apples" in out


def test_a_bad_suite_is_an_error_of_collection(here: Path) -> None:
    (here / "toys.yaml").write_text(SUITE.replace("status", "statsu"), encoding="utf-8")
    code, out = pytested(*SUITED)
    assert (code, "toys.yaml:5: case apples: unknown key 'statsu'; did you mean 'status'?" in out) == (2, True)


def test_without_a_suite_the_plugin_loads_nothing(here: Path) -> None:
    (here / "test_own.py").write_text(
        "import sys\ndef test_own(): assert not {'assistant.evals.suite', 'yaml', 'pydantic'} & set(sys.modules)\n",
        encoding="utf-8",
    )
    assert pytested("test_own.py")[0] == 0
