"""``assistant eval …``: verbs to functions, exit codes.

0 fine · 1 the gate fell · 2 a suite, run folder or option is wrong · 3 the target failed; finished cases are kept.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from assistant.errors import SuiteError, TargetError

Run = Callable[[argparse.Namespace], int]
_WARNINGS = 20


def add(parser: argparse.ArgumentParser) -> None:
    """Give the parser of ``assistant eval`` its verbs."""
    verbs = parser.add_subparsers(dest="eval_verb", required=True, metavar="VERB")

    def verb(name: str, run: Run, text: str) -> argparse.ArgumentParser:
        one = verbs.add_parser(name, help=text, description=text)
        one.set_defaults(run=lambda options: _guarded(run, options))
        return one

    validate = verb("validate", _validate, "Check suites: form, ids, gold quotes, names.")
    validate.add_argument("suites", nargs="+", type=Path, metavar="SUITE")


def _guarded(run: Run, options: argparse.Namespace) -> int:
    try:
        return run(options)
    except SuiteError as error:
        for fault in error.faults:
            print(f"assistant: {fault}", file=sys.stderr)
        return 2
    except TargetError as error:
        print(f"assistant: {error}", file=sys.stderr)
        return 3


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def _validate(options: argparse.Namespace) -> int:
    from assistant.evals.suite import load_suites

    for suite in load_suites(options.suites, options.pack):
        cases = {c.id for v in suite.conversations for c in v.cases}
        print(
            f"{suite.name}: {len(cases)} cases in {len(suite.conversations)} phrasings, gold found in {suite.corpus.pack.name}"
        )
        for warning in suite.warnings[:_WARNINGS]:
            _say(f"warning: {warning}")
        if len(suite.warnings) > _WARNINGS:
            _say(f"warning: and {len(suite.warnings) - _WARNINGS} more")
    return 0
