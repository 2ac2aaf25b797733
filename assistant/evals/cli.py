"""``assistant eval …``: verbs to functions, exit codes.

0 fine · 1 the gate fell · 2 a suite, run folder or option is wrong · 3 the target failed; finished cases are kept.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import SuiteError, TargetError

if TYPE_CHECKING:
    from assistant.evals.baseline import Baseline
    from assistant.evals.figures import Figures
    from assistant.evals.near import Near
    from assistant.evals.report import Report

Verb = Callable[[argparse.Namespace], int]
Adding = Callable[[str, Verb, str], argparse.ArgumentParser]
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
        one.add_argument("--json", action="store_true", help="print JSON")
        one.set_defaults(run=lambda options: _guarded(run, options))
        return one

    _add_runs(verb)
    _add_suites(verb)


def _add_runs(verb: Adding) -> None:
    def on_run(name: str, run: Verb, text: str) -> argparse.ArgumentParser:
        one = verb(name, run, text)
        one.add_argument("run_folder", type=Path, metavar="RUN", help="a folder under runs/")
        return one

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
    again = [
        on_run(name, _report, f"{what} a run again, without asking anything.")
        for name, what in (("score", "Score"), ("report", "Report"))
    ]
    for one in (run, *again):
        one.add_argument("--baseline", metavar="NAME", help="compare with evals/baselines/NAME.json, or with that file")
        one.add_argument(
            "--gate",
            nargs="?",
            type=Path,
            const=_EVALS / "gate.toml",
            metavar="FILE",
            help="hold the run to evals/gate.toml; exit 1 when it falls",
        )
    compare = on_run("compare", _compare, "Set a run beside an earlier one, case by case.")
    compare.add_argument("later", type=Path, metavar="LATER")
    show = on_run("show", _show, "Show one case of a run in full.")
    show.add_argument("case", help="its key, for example notes/some-id~1")
    accept = on_run("accept", _accept, "Make a run the baseline.")
    accept.add_argument("--as", dest="name", default="main", metavar="NAME", help="default: main")
    export = on_run("export", _export, "Write a run for other tools.")
    export.add_argument("--to", required=True, choices=["inspect", "trec", "junit", "csv"])


def _add_suites(verb: Adding) -> None:
    validate = verb("validate", _validate, "Check suites: form, ids, gold quotes, names.")
    validate.add_argument("suites", nargs="+", type=Path, metavar="SUITE")
    imports = verb("import", _import, "Make a suite of somebody else's questions.")
    imports.add_argument("file", type=Path)
    imports.add_argument("--from", dest="form", required=True, choices=["csv", "promptfoo"])
    imports.add_argument(
        "--corpus", default="azure-backup", help="pack that its gold is quoted from (default azure-backup)"
    )
    imports.add_argument("--into", type=Path, required=True, metavar="SUITE", help="suite file to write")
    harvest = verb("harvest", _harvest, "Turn feedback into drafts of cases.")
    harvest.add_argument(
        "inbox", nargs="*", type=Path, metavar="INBOX", help="JSONL files, or folders of them (default: the state)"
    )
    harvest.add_argument(
        "--state", default="", metavar="URL", help="SQLAlchemy URL ($ASSISTANT_STATE; default: state.db in --home)"
    )
    harvest.add_argument(
        "--known", nargs="*", type=Path, default=[], metavar="SUITE", help="suites whose questions are no news"
    )
    harvest.add_argument(
        "--corpus", default="azure-backup", help="pack that a new file of drafts names (default azure-backup)"
    )
    promote = verb("promote", _promote, "Move a draft that was given its expectation into a suite.")
    promote.add_argument("case", help="id of the draft")
    promote.add_argument("--suite", type=Path, required=True, help="suite that it is appended to")
    for one in (harvest, promote):
        one.add_argument(
            "--drafts",
            type=Path,
            default=_EVALS / "feedback/drafts.yaml",
            metavar="FILE",
            help="default: evals/feedback/drafts.yaml",
        )
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


def _told(options: argparse.Namespace, data: object, words: str) -> None:
    """What a verb has to say: as JSON, or in words."""
    print(json.dumps(data, ensure_ascii=False, default=str) if options.json else words)


# ---- running and reporting


def _run(options: argparse.Namespace) -> int:
    from assistant.evals import runner
    from assistant.evals.figures import figures
    from assistant.evals.suite import load_suites
    from assistant.evals.targets import Opening

    _early(options)
    suites = load_suites(options.suites, options.pack)
    folder = options.into or runner.new_folder(Path("runs"), suites)
    opening = Opening(options.target, suites[0].corpus.pack.folder, _home(options), _embedding(), options.timeout)
    try:
        run = runner.run(suites, opening, folder, processes=options.processes, progress=_progress)
    except (TargetError, KeyboardInterrupt):
        _say(f"assistant: what was answered is kept; --into {folder} goes on from there")
        raise
    return _judge(figures(run), options)


def _home(options: argparse.Namespace) -> Path | None:
    named = options.home or os.environ.get("ASSISTANT_HOME")
    return Path(named) if named else None


def _embedding() -> str | None:
    return os.environ.get("ASSISTANT_EMBEDDING_MODEL") or None


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
    from assistant.evals.report import Report, terminal, told

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
    page = found.run.folder / "report.html"
    _told(options, {"report": page, **found.summary(), **told(report)}, f"{terminal(report)}\n\n{page}")
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


def _report(options: argparse.Namespace) -> int:
    return _judge(_figures(options.run_folder), options)


def _compare(options: argparse.Namespace) -> int:
    from assistant.evals.baseline import as_baseline, compare
    from assistant.evals.gate import Bounds
    from assistant.evals.report import Report, compared, told

    limits = Bounds().regression
    later = _figures(options.later)
    report = Report(later, compare(later, as_baseline(_figures(options.run_folder)), limits.broken))
    _told(options, told(report), compared(report))
    return 0


def _show(options: argparse.Namespace) -> int:
    from dataclasses import asdict

    from assistant.evals.detail import detail
    from assistant.evals.report import full

    found = _figures(options.run_folder)
    shown = detail(found, options.case)
    scores = next(r.scores for r in found.rows if r.key == options.case)
    _told(options, {**asdict(shown), "scores": scores}, full(shown, list(scores.items())))
    return 0


def _accept(options: argparse.Namespace) -> int:
    from assistant.evals.baseline import accept

    file = _EVALS / "baselines" / f"{options.name}.json"
    accept(_figures(options.run_folder), file)
    _told(options, {"file": file}, str(file))
    return 0


def _export(options: argparse.Namespace) -> int:
    from assistant.evals.export import FORMATS

    files = FORMATS[options.to](_figures(options.run_folder), options.run_folder)
    _told(options, {"files": files}, "\n".join(map(str, files)))
    return 0


# ---- suites


def _validate(options: argparse.Namespace) -> int:
    from assistant.evals.suite import load_suites

    for suite in load_suites(options.suites, options.pack):
        cases, phrasings, pack = (
            len({c.id for v in suite.conversations for c in v.cases}),
            len(suite.conversations),
            suite.corpus.pack.name,
        )
        data = {"suite": suite.name, "cases": cases, "phrasings": phrasings, "pack": pack, "warnings": suite.warnings}
        _told(options, data, f"{suite.name}: {cases} cases in {phrasings} phrasings, gold found in {pack}")
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
    words = f"{options.into}: {len(drafts)} cases; complete them, then assistant eval validate {options.into}"
    _told(options, {"file": options.into, "cases": len(drafts)}, words)
    return 0


def _head(name: str, corpus: str) -> str:
    return f"suite: {name.lower()}\nversion: 1\ncorpus: {corpus}\ncases:\n"


def _harvest(options: argparse.Namespace) -> int:
    from assistant.evals import feedback

    known = feedback.known_turns(options.known, options.drafts, options.pack)
    given = feedback.written(options.inbox) if options.inbox else _given(options)
    found = feedback.harvest(given, known, _near(options))
    feedback.write_drafts(found.drafts, options.drafts, _head("drafts", options.corpus))
    for fault in found.faults[:_MOST]:
        _say(f"assistant: {fault}")
    for asked, before in found.alike[:_MOST]:
        _say(f"alike: {asked!r} asks what {before!r} asks")
    counts = {
        "drafts": len(found.drafts),
        "lines": found.lines,
        "known": found.doubles,
        "alike": len(found.alike),
        "unreadable": len(found.faults),
    }
    words = f"{counts['drafts']} drafts of {counts['lines']} lines, {counts['known']} known, {counts['alike']} alike, {counts['unreadable']} unreadable"
    _told(options, {"file": options.drafts, **counts}, f"{options.drafts}: {words}")
    return 2 if found.faults else 0


def _given(options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """The feedback that the state holds."""
    from assistant import operate

    home = _home(options) or Path.home() / ".cache" / "assistant"
    url = operate.state_of(home, options.state or os.environ.get("ASSISTANT_STATE") or "")
    for record in operate.feedback(home, url).feedback():
        yield f"feedback {record['id']}", json.dumps(record)


def _near(options: argparse.Namespace) -> Near:
    """Finds rewordings on the corpus of the drafts; the model is opened when two readings agree for the first time."""
    from functools import cache

    from assistant.evals.near import Near
    from assistant.evals.suite import folder_of
    from assistant.index import ensure
    from assistant.pack import load

    pack = load(options.pack or folder_of(options.corpus, options.drafts.parent))
    opened = cache(lambda: ensure(pack, _home(options) or Path.home() / ".cache" / "assistant", _embedding(), _say))
    return Near(pack, lambda text: opened().vector(text))


def _promote(options: argparse.Namespace) -> int:
    from assistant.evals.feedback import promote

    promote(options.case, options.drafts, options.suite, options.pack)
    _told(options, {"file": options.suite}, str(options.suite))
    return 0


def _new(options: argparse.Namespace) -> int:
    from assistant.evals.scaffold import new

    file = new(options.name, options.corpus, options.into)
    _told(options, {"file": file}, f"{file}: replace the examples by your questions, then assistant eval run {file}")
    return 0
