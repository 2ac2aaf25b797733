"""The gate: each case that breaks is named, each bound holds or falls, and planted faults of every kind are caught."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from assistant.errors import SuiteError
from assistant.evals import gate
from assistant.evals.baseline import Baseline, Flip, accept, as_baseline, baseline, compare
from assistant.evals.figures import Figures, figures
from assistant.evals.report import Report, terminal
from assistant.evals.runner import run
from assistant.evals.suite import load_suites
from assistant.evals.targets import Opening

ROOT = Path(__file__).resolve().parent.parent
GARDEN = ROOT / "tests/packs/garden"
TODAY = date(2026, 1, 15)
QUESTIONS = ("Are apples fine?", "Are pears fine?", "What about silence?", "And plums?")


def ran(
    folder: Path, target: str = "toy", questions: tuple[str, ...] = QUESTIONS, status: str = "supported"
) -> Figures:
    """A run of one case per question."""
    folder.mkdir(exist_ok=True)
    lines = ["suite: toys", "version: 1", f"corpus: {GARDEN}", "cases:"]
    lines += [f"- {{id: c{n}, ask: '{q}', expect: {{status: {status}}}}}" for n, q in enumerate(questions)]
    (folder / "toys.yaml").write_text("\n".join(lines), encoding="utf-8")
    return figures(
        run(
            load_suites([folder / "toys.yaml"]),
            Opening(f"py:tests.toys:{target}", GARDEN),
            folder / target,
            processes=1,
        )
    )


def bounds(folder: Path, text: str) -> gate.Bounds:
    file = folder / "gate.toml"
    file.write_text(text, encoding="utf-8")
    return gate.bounds(file)


def fell(outcome: gate.Outcome) -> dict[str, str]:
    return {c.name: c.says for c in outcome.checks if c.standing == "fell"}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Figures:
    """Right in three of four cases."""
    return ran(tmp_path_factory.mktemp("good"))


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Figures:
    """The same, but wrong about apples."""
    return ran(tmp_path_factory.mktemp("bad"), "worse")


def test_what_broke_and_what_was_fixed_is_told_case_by_case(good: Figures, bad: Figures) -> None:
    worse = compare(bad, as_baseline(good), ("verdict",))
    better = compare(good, as_baseline(bad), ("verdict",))
    assert (worse.broken, worse.fixed) == ((Flip("toys/c0", ("verdict",)),), ())
    assert (better.broken, better.fixed) == ((), (Flip("toys/c0", ("verdict",)),))
    found = worse.deltas["verdict"]
    assert (found.before, found.now, found.p) == (0.75, 0.5, 1.0)


def test_one_fixed_and_one_broken_leave_the_mean_as_it_was_and_still_fall(tmp_path: Path, good: Figures) -> None:
    rows = dict(as_baseline(good).rows)
    judged, scores = rows["toys/c2"]
    rows["toys/c2"], rows["toys/c3"] = (
        (judged, {**scores, "verdict": 1.0}),
        (rows["toys/c3"][0], {**rows["toys/c3"][1], "verdict": 0.0}),
    )
    before = as_baseline(good)
    swapped = compare(good, Baseline("swapped", rows, before.latency, before.machine, {}), ("verdict",))
    assert (swapped.deltas["verdict"].before, swapped.deltas["verdict"].now) == (0.75, 0.75)
    outcome = gate.judge(good, bounds(tmp_path, ""), swapped, (), TODAY)
    assert fell(outcome) == {"broken cases": "1 broken, at most 0: toys/c2"}


def test_a_case_that_was_rewritten_is_not_broken(tmp_path: Path, good: Figures) -> None:
    found = compare(
        ran(tmp_path, questions=("Are apples fine?", "Other?", "And plums?"), status="not_supported"),
        as_baseline(good),
        ("verdict",),
    )
    assert (found.broken, found.fixed, found.changed, found.new, found.gone) == ((), (), 3, 0, 1)


def test_a_figure_that_the_target_no_longer_gives_is_worse(good: Figures) -> None:
    rows = {key: (judged, {**scores, "quote_recall": 0.5}) for key, (judged, scores) in as_baseline(good).rows.items()}
    before = as_baseline(good)
    found = compare(good, Baseline("more", rows, before.latency, before.machine, {}), ("quote_recall",))
    assert len(found.broken) == 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[floors]\nverdict = 0.75", {}),
        ("[floors]\nverdict = 0.76", {"verdict": "0.7500, floor 0.76 (n 4)"}),
        ("[floors]\n'toys.verdict' = 0.76\n'other.verdict' = 1.0", {"toys.verdict": "0.7500, floor 0.76 (n 4)"}),
        ("[ceilings]\nover_abstention = 0.25", {}),
        ("[ceilings]\nover_abstention = 0.2", {"over_abstention": "0.2500, ceiling 0.2 (n 4)"}),
        ("[wilson_low]\nverdict = 0.35", {"verdict": "0.3006, Wilson low 0.35 (n 4)"}),
        ("[latency]\np95_ms = 10000", {}),
        ("[regression]\nmax_drop = 0.2", {"broken cases": "1 broken, at most 0: toys/c0", "verdict drop": "0.7500 → 0.5000, Holm p 1; at most 0.2"}),
        ("[regression]\nmax_drop = 0.25\nallow_broken = 1", {}),
    ],
)  # fmt: skip
def test_bounds(tmp_path: Path, good: Figures, bad: Figures, text: str, expected: dict[str, str]) -> None:
    regression = "regression" in text
    found = compare(bad, as_baseline(good), ("verdict",)) if regression else None
    assert fell(gate.judge(bad if regression else good, bounds(tmp_path, text), found, (), TODAY)) == expected


def test_a_waiver_gives_leave_until_its_day(tmp_path: Path, good: Figures, bad: Figures) -> None:
    (tmp_path / "waivers.toml").write_text(
        '[[waiver]]\ncase = "toys/c0"\nreason = "apples are being replanted"\nuntil = 2026-01-15\n', encoding="utf-8"
    )
    leave = gate.waivers(tmp_path / "waivers.toml")
    found = compare(bad, as_baseline(good), ("verdict",))
    on_time = gate.judge(bad, bounds(tmp_path, ""), found, leave, TODAY)
    late = gate.judge(bad, bounds(tmp_path, ""), found, leave, date(2026, 1, 16))
    assert (on_time.passed, [(f.key, w.reason) for f, w in on_time.waived]) == (
        True,
        [("toys/c0", "apples are being replanted")],
    )
    assert fell(late) == {"broken cases": "1 broken, at most 0: toys/c0; waivers that ran out: toys/c0"}


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("gate", "[floor]\nverdict = 1", "gate.toml: floor: Extra inputs are not permitted"),
        ("gate", "[floors]\nverdikt = 1", "gate.toml: unknown metric 'verdikt'; did you mean 'verdict'?"),
        ("gate", "[floors]\nverdict = 'high'", "gate.toml: floors.verdict: Input should be a valid number"),
        ("gate", "[floors", "gate.toml: Expected ']'"),
        ("waivers", "[[waiver]]\ncase = 'a'\nreason = ''\nuntil = 2026-01-01", "waivers.toml: waiver.0.reason: String should have at least 10 characters"),
        ("waivers", "[[waiver]]\ncase = 'a'\nreason = 'because of reasons'", "waivers.toml: waiver.0.until: Field required"),
    ],
)  # fmt: skip
def test_a_fault_of_the_gate_s_own_files_is_told(tmp_path: Path, name: str, text: str, expected: str) -> None:
    file = tmp_path / f"{name}.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SuiteError) as caught:
        gate.bounds(file) if name == "gate" else gate.waivers(file)
    assert caught.value.faults[0].replace(f"{tmp_path}/", "").startswith(expected)


def test_an_accepted_run_is_read_back_whole(tmp_path: Path, good: Figures) -> None:
    accept(good, tmp_path / "baselines/main.json")
    again, as_it_was = baseline(tmp_path / "baselines/main.json"), as_baseline(good)
    assert (again.rows, again.latency, again.machine) == (as_it_was.rows, as_it_was.latency, as_it_was.machine)
    lines = (tmp_path / "baselines/main.json").read_text(encoding="utf-8").splitlines()
    assert sum('"toys/c' in line for line in lines) == 4, "one line for each case"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"rows": {"a": 1}}', "{" * 10_000])
def test_what_is_no_baseline_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "b.json").write_text(text, encoding="utf-8")
    with pytest.raises(SuiteError, match="not a baseline"):
        baseline(tmp_path / "b.json")
    with pytest.raises(SuiteError, match="no such baseline"):
        baseline(tmp_path / "none.json")


# ---- planted faults in what ships

PLANTED = """\
suite: planted
version: 1
corpus: azure-backup
cases:
- id: mars-linux
  ask: Can MARS back up files of an on-premises Linux VM?
  paraphrases: [Is it possible to take files off our on-premises Linux VM with MARS?]
  expect:
    status: not_supported
    cite: [{any: ["On-premises | Linux | Virtual | Direct backup of files | Not supported with MARS"]}]
- id: ubuntu
  ask: Can we back up a physical Ubuntu server on-premises?
  expect: {status: not_supported}
- id: dpm-linux
  ask: Can DPM back up volumes of an on-premises Linux VM?
  expect:
    status: supported
    cite: [{any: ["On-premises | Linux | Virtual | Files, folders, volumes, system state, app data | DPM or MABS: app-aware"]}]
- id: replace-encrypted
  ask: Can I use Replace existing for an encrypted VM?
  expect: {status: not_supported}
- id: vault-files
  ask: The vault is said to restore single files quickly. Does that hold for a backup made with the VM extension alone?
  expect:
    status: [conflict, not_supported]
    cite:
    - any: ["The extensions do not make file-level or folder-level restores possible."]
    - any: ["From the vault you can restore files or folders inside a virtual machine quickly, without recovering the whole machine."]
- id: local-first
  ask: "Machines and apps backed up by MABS: to which storage do they go in the first place?"
  expect:
    status: information
    cite: [{any: ["Machines and workloads are backed up to the Azure Backup server, and that alone does not bring the backups into a Recovery Services vault."]}]
"""
BOUNDS = '[regression]\nbroken = ["verdict", "quote_recall", "success@1"]\n'


def planted(folder: Path, fault: str) -> Figures:
    folder.mkdir(exist_ok=True)
    file = folder / "planted.yaml"
    file.write_text(PLANTED, encoding="utf-8")
    opening = Opening(f"py:tests.planted:with_{fault}", ROOT / "corpus/azure-backup")
    return figures(run(load_suites([file]), opening, folder / fault, processes=1))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Figures:
    return planted(tmp_path_factory.mktemp("sound"), "sound")


def test_what_ships_is_right_in_these(sound: Figures) -> None:
    assert {r.key: r.scores["right"] for r in sound.rows} == dict.fromkeys((r.key for r in sound.rows), 1.0)


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        ("sound", {}),
        ("negated", {"mars-linux": "verdict", "mars-linux~1": "verdict"}),
        ("wordless", {"ubuntu": "verdict"}),
        ("misquoted", {"dpm-linux": "quote_recall"}),
        ("swapped", {"local-first": "quote_recall success@1"}),
    ],
)
def test_a_planted_fault_is_caught_and_its_cases_are_named(
    tmp_path: Path, sound: Figures, fault: str, broken: dict[str, str]
) -> None:
    limits = bounds(tmp_path, BOUNDS)
    accept(sound, tmp_path / "main.json")
    now = planted(tmp_path, fault)
    found = compare(now, baseline(tmp_path / "main.json"), limits.regression.broken)
    outcome = gate.judge(now, limits, found, (), TODAY)
    assert {f.key.removeprefix("planted/"): " ".join(f.metrics) for f in found.broken} == broken
    assert outcome.passed == (not broken)
    said = terminal(Report(now, found, outcome))
    assert [key for key in broken if f"broken  planted/{key} " not in said] == []
