"""``pytest --eval-suite suites/notes.yaml``: one test for each case, and one for the gate. Without the option it does nothing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from assistant.evals.baseline import Baseline
    from assistant.evals.figures import Figures, Row
    from assistant.evals.suite import Suite

_GATE = "gate"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Tell of our options."""
    group = parser.getgroup("evaluation suites")
    group.addoption(
        "--eval-suite",
        action="append",
        default=[],
        metavar="FILE",
        help="ask every case of this suite; may be given again",
    )
    group.addoption(
        "--eval-target", default="", metavar="TARGET", help="py:module:name or http://… (default: our own assistant)"
    )
    group.addoption("--eval-pack", metavar="FOLDER", help="pack that stands in for the one the suites name")
    group.addoption(
        "--eval-baseline", metavar="FILE", help="accepted baseline: what was not right there is expected to fail"
    )
    group.addoption("--eval-gate", metavar="FILE", help="gate.toml, as one more test")


def pytest_configure(config: pytest.Config) -> None:
    """Have the suites visited; alone, when no other tests were asked for by name."""
    suites = config.getoption("--eval-suite")
    if suites:
        named = config.args_source is pytest.Config.ArgsSource.ARGS
        config.args[:] = [*(config.args if named else []), *suites]
        config.stash[_KEY] = _Session(config)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A suite that was named is a file of tests."""
    session = parent.config.stash.get(_KEY, None)
    if session is None or file_path not in session.files:
        return None
    return SuiteFile.from_parent(parent, path=file_path)


class _Session:
    """All suites of one call of pytest: loaded together, asked when the first test runs."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.files = [Path(file).resolve() for file in config.getoption("--eval-suite")]

    def path(self, name: str) -> Path | None:
        """An option that names a file, if it was given."""
        given = self.config.getoption(name)
        return Path(given) if given else None

    @cached_property
    def suites(self) -> tuple[Suite, ...]:
        from assistant.evals.suite import load_suites

        return load_suites(self.files, self.path("--eval-pack"))

    @cached_property
    def figures(self) -> Figures:
        from assistant.evals import runner
        from assistant.evals.figures import figures
        from assistant.evals.targets import Opening

        opening = Opening(self.config.getoption("--eval-target"), self.suites[0].corpus.pack.folder)
        found = figures(runner.run(self.suites, opening, runner.new_folder(Path("runs"), self.suites)))
        found.save()
        return found

    @cached_property
    def baseline(self) -> Baseline | None:
        from assistant.evals.baseline import baseline

        file = self.path("--eval-baseline")
        return baseline(file) if file else None

    @cached_property
    def rows(self) -> dict[str, Row]:
        return {row.key: row for row in self.figures.rows}


_KEY = pytest.StashKey[_Session]()


class SuiteFile(pytest.File):
    """A suite as a file of tests."""

    def collect(self) -> Iterator[pytest.Item]:
        """A test for each case; after the last suite one for the gate."""
        from assistant.errors import SuiteError

        session = self.config.stash[_KEY]
        try:
            suites = session.suites
        except SuiteError as error:
            raise self.CollectError("\n".join(error.faults)) from None
        own = next(s for s in suites if s.file.resolve() == self.path)
        for case in (c for v in own.conversations for c in v.cases):
            yield CaseItem.from_parent(self, name=case.key)
        if session.path("--eval-gate") and own is suites[-1]:
            yield GateItem.from_parent(self, name=_GATE)


class _Wrong(Exception):
    """Why a test of ours fails, in the words that are shown."""


class _Item(pytest.Item):
    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:  # noqa: ARG002
        """The words alone; a trace would show our own code only."""
        if isinstance(excinfo.value, _Wrong):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        """File and name."""
        return self.path, 0, self.name


class CaseItem(_Item):
    """One case."""

    def runtest(self) -> None:
        """Fails when the case is not right; expected to where it was not right in the baseline."""
        from assistant.evals.detail import brief, detail, judged

        session = self.config.stash[_KEY]
        row = session.rows[self.name]
        fate = judged(row)
        if fate == "unscored":
            pytest.skip("the target does not say what this case needs")
        if fate == "wrong":
            before = session.baseline.rows.get(self.name) if session.baseline else None
            if before and before[0] == row.judged and before[1].get("right", before[1].get("standing")) != 1.0:
                pytest.xfail("not right in the baseline either")
            raise _Wrong("\n".join(brief(detail(session.figures, self.name))))


class GateItem(_Item):
    """The gate over all suites."""

    def runtest(self) -> None:
        """Fails when the gate falls."""
        from datetime import UTC, datetime

        from assistant.evals import gate
        from assistant.evals.baseline import compare

        session = self.config.stash[_KEY]
        file = session.path("--eval-gate") or Path()
        limits, leave = gate.bounds(file), gate.waivers(file.with_name("waivers.toml"))
        comparison = compare(session.figures, session.baseline, limits.regression.broken) if session.baseline else None
        outcome = gate.judge(session.figures, limits, comparison, leave, datetime.now(UTC).date())
        if not outcome.passed:
            raise _Wrong("\n".join(f"{c.name}: {c.says}" for c in outcome.checks if c.standing == "fell"))
