"""``assistant eval …``: verbs to functions, exit codes.

0 fine · 1 the gate fell · 2 a suite, run folder or option is wrong · 3 the target failed; finished cases are kept.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import SuiteError, TargetError

if TYPE_CHECKING:
    from assistant.evals.baseline import Baseline
    from assistant.evals.figures import Figures
    from assistant.evals.report import Report

Verb = Callable[[argparse.Namespace], int]
_MOST = 20
"""Faults, or warnings, shown at a time."""
_EVALS = Path("evals")
"""Where gate, waivers, baselines and feedback are kept, from the working directory."""
_BAR = 30


def add(parser: argparse.ArgumentParser) -> None:
    """Give the parser of ``assistant eval`` its verbs."""
    verbs = parser.add_subparsers(dest="eval_verb", required=True, metavar="VERB")

    def verb(name: str, run: Verb, text: str) -> argparse.ArgumentParser:
        one = verbs.add_parser(name, help=text, description=text)
        one.set_defaults(run=lambda options: _guarded(run, options))
        return one

    def on_run(name: str, run: Verb, text: str) -> argparse.ArgumentParser:
        one = verb(name, run, text)
        one.add_argument("run_folder", type=Path, metavar="RUN", help="a folder under runs/")
        return one

    def judged(one: argparse.ArgumentParser) -> None:
        one.add_argument("--baseline", metavar="NAME", help="compare with evals/baselines/NAME.json, or with that file")
        one.add_argument(
            "--gate",
            nargs="?",
            type=Path,
            const=_EVALS / "gate.toml",
            metavar="FILE",
            help="hold the run to evals/gate.toml; exit 1 when it falls",
        )

    run = verb("run", _run, "Ask a target every question of the suites, score, report, and gate if told to.")
    run.add_argument("suites", nargs="+", type=Path, metavar="SUITE")
    run.add_argument("--target", default="", help="py:module:name or http://… (default: our own assistant)")
    run.add_argument(
        "--into",
        type=Path,
        metavar="RUN",
        help="run folder; one that was stopped goes on (default: a new one under runs/)",
    )
    run.add_argument("--processes", type=int, default=0, metavar="N", help="default: one for each processor")
    run.add_argument("--timeout", type=float, default=60.0, metavar="S", help="seconds per turn (default 60)")
    judged(run)
    validate = verb("validate", _validate, "Check suites: form, ids, gold quotes, names.")
    validate.add_argument("suites", nargs="+", type=Path, metavar="SUITE")
    for name, does, text in (
        ("score", _score, "Score a run again."),
        ("report", _report, "Write the reports of a run again."),
    ):
        judged(on_run(name, does, text))
    compare = on_run("compare", _compare, "Set a run beside an earlier one, case by case.")
    compare.add_argument("later", type=Path, metavar="LATER")
    show = on_run("show", _show, "Show one case of a run in full.")
    show.add_argument("case", help="its key, for example notes/some-id~1")
    accept = on_run("accept", _accept, "Make a run the baseline.")
    accept.add_argument("--as", dest="name", default="main", metavar="NAME", help="default: main")
    export = on_run("export", _export, "Write a run for other tools.")
    export.add_argument("--to", required=True, choices=["inspect", "trec", "junit", "csv"])
    imports = verb("import", _import, "Make a suite of somebody else's questions.")
    imports.add_argument("file", type=Path)
    imports.add_argument("--from", dest="form", required=True, choices=["csv", "promptfoo"])
    imports.add_argument(
        "--corpus", default="azure-backup", help="pack that its gold is quoted from (default azure-backup)"
    )
    imports.add_argument("--into", type=Path, required=True, metavar="SUITE", help="suite file to write")
    harvest = verb("harvest", _harvest, "Turn feedback into drafts of cases.")
    harvest.add_argument("inbox", nargs="+", type=Path, metavar="INBOX", help="JSONL files, or folders of them")
    harvest.add_argument("--drafts", type=Path, default=_EVALS / "feedback/drafts.yaml", metavar="FILE")
    harvest.add_argument(
        "--known", nargs="*", type=Path, default=[], metavar="SUITE", help="suites whose questions are no news"
    )
    harvest.add_argument("--corpus", default="azure-backup")
    promote = verb("promote", _promote, "Move a draft that was given its expectation into a suite.")
    promote.add_argument("case", help="id of the draft")
    promote.add_argument("--drafts", type=Path, default=_EVALS / "feedback/drafts.yaml", metavar="FILE")
    promote.add_argument("--suite", type=Path, required=True, help="suite that it is appended to")
    new = verb("new", _new, "Begin a suite for your own documents.")
    new.add_argument("name")
    new.add_argument("--corpus", type=Path, required=True, help="pack folder: pack.toml and docs/*.md")
    new.add_argument(
        "--into", type=Path, default=Path(), metavar="FOLDER", help="where to write NAME.yaml (default: here)"
    )


def _guarded(run: Verb, options: argparse.Namespace) -> int:
    try:
        return run(options)
    except SuiteError as error:
        for fault in error.faults[:_MOST]:
            _say(f"assistant: {fault}")
        if len(error.faults) > _MOST:
            _say(f"assistant: and {len(error.faults) - _MOST} faults more")
        return 2
    except TargetError as error:
        _say(f"assistant: {error}")
        return 3


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


# ---- running and reporting


def _run(options: argparse.Namespace) -> int:
    from assistant.evals import runner
    from assistant.evals.figures import figures
    from assistant.evals.suite import load_suites
    from assistant.evals.targets import Opening

    _early(options)
    suites = load_suites(options.suites, options.pack)
    folder = options.into or runner.new_folder(Path("runs"), suites)
    home = options.home or (Path(os.environ["ASSISTANT_HOME"]) if os.environ.get("ASSISTANT_HOME") else None)
    opening = Opening(options.target, suites[0].corpus.pack.folder, home, options.timeout)
    try:
        run = runner.run(suites, opening, folder, processes=options.processes, progress=_progress)
    except (TargetError, KeyboardInterrupt):
        _say(f"assistant: what was answered is kept; --into {folder} goes on from there")
        raise
    return _judge(figures(run), options)


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        filled = _BAR * done // max(1, total)
        end = "\n" if done == total else ""
        print(f"\r{'█' * filled}{'░' * (_BAR - filled)} {done} of {total}{end}", end="", file=sys.stderr, flush=True)


def _early(options: argparse.Namespace) -> None:
    """Find out what is wrong with gate and baseline before a single question is asked."""
    from assistant.evals import gate

    if options.gate:
        gate.bounds(options.gate)
        gate.waivers(options.gate.with_name("waivers.toml"))
    _baseline(options)


def _baseline(options: argparse.Namespace) -> Baseline | None:
    from assistant.evals.baseline import baseline

    if not options.baseline:
        return None
    named = Path(options.baseline)
    return baseline(named if named.suffix else _EVALS / "baselines" / f"{named}.json")


def _judge(found: Figures, options: argparse.Namespace) -> int:
    """Compare, gate, write every file of the run, and print the short table."""
    from datetime import UTC, datetime

    from assistant.evals import gate
    from assistant.evals.baseline import compare
    from assistant.evals.report import Report, terminal

    limits = gate.bounds(options.gate) if options.gate else gate.Bounds()
    before = _baseline(options)
    comparison = compare(found, before, limits.regression.broken) if before else None
    outcome = None
    if options.gate:
        leave = gate.waivers(options.gate.with_name("waivers.toml"))
        outcome = gate.judge(found, limits, comparison, leave, datetime.now(UTC).date())
    report = Report(found, comparison, outcome)
    found.save()
    _write(report)
    print(terminal(report))
    print(f"\n{found.run.folder / 'report.html'}")
    return 0 if outcome is None or outcome.passed else 1


def _write(report: Report) -> None:
    from assistant.evals.page import page
    from assistant.evals.report import markdown
    from assistant.evals.runner import write

    folder = report.figures.run.folder
    write(folder / "report.md", markdown(report))
    write(folder / "report.html", page(report))


def _figures(folder: Path) -> Figures:
    from assistant.evals.figures import figures
    from assistant.evals.runner import open_run

    return figures(open_run(folder))


def _score(options: argparse.Namespace) -> int:
    return _judge(_figures(options.run_folder), options)


def _report(options: argparse.Namespace) -> int:
    return _judge(_figures(options.run_folder), options)


def _compare(options: argparse.Namespace) -> int:
    from assistant.evals.baseline import as_baseline, compare
    from assistant.evals.gate import Bounds
    from assistant.evals.report import Report, compared

    limits = Bounds().regression
    later = _figures(options.later)
    print(compared(Report(later, compare(later, as_baseline(_figures(options.run_folder)), limits.broken))))
    return 0


def _show(options: argparse.Namespace) -> int:
    from assistant.evals.detail import detail
    from assistant.evals.report import full

    found = _figures(options.run_folder)
    shown = detail(found, options.case)
    print(full(shown, [s for r in found.rows if r.key == options.case for s in r.scores.items()]))
    return 0


def _accept(options: argparse.Namespace) -> int:
    from assistant.evals.baseline import accept

    file = _EVALS / "baselines" / f"{options.name}.json"
    accept(_figures(options.run_folder), file)
    print(file)
    return 0


def _export(options: argparse.Namespace) -> int:
    from assistant.evals.export import FORMATS

    for file in FORMATS[options.to](_figures(options.run_folder), options.run_folder):
        print(file)
    return 0


# ---- suites


def _validate(options: argparse.Namespace) -> int:
    from assistant.evals.suite import load_suites

    for suite in load_suites(options.suites, options.pack):
        cases = {c.id for v in suite.conversations for c in v.cases}
        print(
            f"{suite.name}: {len(cases)} cases in {len(suite.conversations)} phrasings, gold found in {suite.corpus.pack.name}"
        )
        for warning in suite.warnings[:_MOST]:
            _say(f"warning: {warning}")
        if len(suite.warnings) > _MOST:
            _say(f"warning: and {len(suite.warnings) - _MOST} more")
    return 0


def _import(options: argparse.Namespace) -> int:
    from assistant.evals.feedback import write_drafts
    from assistant.evals.imports import FORMATS

    if options.into.exists():
        raise SuiteError([f"{options.into}: is there already; take another name"])
    drafts = FORMATS[options.form](options.file)
    write_drafts(drafts, options.into, _head(options.into.stem, options.corpus))
    print(f"{options.into}: {len(drafts)} cases; complete them, then assistant eval validate {options.into}")
    return 0


def _head(name: str, corpus: str) -> str:
    return f"suite: {name.lower()}\nversion: 1\ncorpus: {corpus}\ncases:\n"


def _harvest(options: argparse.Namespace) -> int:
    from assistant.evals import feedback

    known = feedback.known_turns(options.known, options.drafts, options.pack)
    found = feedback.harvest(options.inbox, known)
    feedback.write_drafts(found.drafts, options.drafts, _head("drafts", options.corpus))
    for fault in found.faults[:_MOST]:
        _say(f"assistant: {fault}")
    print(
        f"{options.drafts}: {len(found.drafts)} drafts of {found.lines} lines, {found.doubles} known, {len(found.faults)} unreadable"
    )
    return 2 if found.faults else 0


def _promote(options: argparse.Namespace) -> int:
    from assistant.evals.feedback import promote

    promote(options.case, options.drafts, options.suite, options.pack)
    print(options.suite)
    return 0


def _new(options: argparse.Namespace) -> int:
    from assistant.evals.scaffold import new

    file = new(options.name, options.corpus, options.into)
    print(f"{file}: replace the examples by your questions, then assistant eval run {file}")
    return 0
