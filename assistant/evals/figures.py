"""A run in, its figures out: a row of scores per case, means with intervals, and what four straw men would score."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from itertools import groupby

from assistant.evals import stats
from assistant.evals.reply import Reply
from assistant.evals.runner import Run, write
from assistant.evals.scorers import METRICS, is_binary, score
from assistant.evals.straw import STRAW
from assistant.evals.suite import Case

ALL = "all"
_RISK = 0.02
"""Share of wrong answers up to which coverage is counted."""


@dataclass(frozen=True, slots=True)
class Row:
    """A scored case."""

    key: str
    id: str
    suite: str
    tags: tuple[str, ...]
    variant: int
    judged: str
    """Digest of question and expectation: rows of two runs compare only where it is the same."""
    gold: str
    """The status that was right: what was said when it is accepted, else the first accepted."""
    said: str
    error: str
    confidence: float | None = None
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figure:
    """The mean of one metric over the rows that it applies to."""

    n: int
    mean: float
    low: float
    high: float


Table = Mapping[str, Figure]


@dataclass(frozen=True)
class Latency:
    """Milliseconds per turn, by nearest rank."""

    n: int
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True)
class Figures:
    """Everything that is computed of a run."""

    run: Run
    cases: Mapping[str, Case]
    replies: Mapping[str, Reply]
    rows: tuple[Row, ...]

    @cached_property
    def tables(self) -> Mapping[str, Table]:
        """Figures of all rows under "all", and of each suite under its name."""
        suites = {s.name: [r for r in self.rows if r.suite == s.name] for s in self.run.suites}
        return {ALL: table(self.rows)} | {name: table(rows) for name, rows in suites.items()}

    @cached_property
    def tags(self) -> Mapping[str, Table]:
        """Figures of each tag, the most frequent first."""
        groups: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            for tag in row.tags:
                groups[tag].append(row)
        return {tag: table(rows) for tag, rows in sorted(groups.items(), key=lambda g: (-len(g[1]), g[0]))}

    @cached_property
    def straw(self) -> Mapping[str, Mapping[str, float]]:
        """Means of the straw men over the same cases, by name and metric."""
        found = {}
        for name, answers in STRAW.items():
            replies = {key: answers(case) for key, case in self.cases.items()}
            found[name] = {m: f.mean for m, f in table(_rows(self.cases, replies, {})).items()}
        return found

    @cached_property
    def confusion(self) -> Mapping[str, Mapping[str, int]]:
        """How often each status was right, by what was said."""
        counts = Counter((r.gold, r.said) for r in self.rows if r.gold and r.said)
        gold = dict.fromkeys(g for g, _ in counts)
        return {g: {said: n for (one, said), n in counts.items() if one == g} for g in gold}

    @cached_property
    def reliability(self) -> Mapping[str, Figure]:
        """For each status that was said, how often it was right."""
        groups: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            if row.said and "verdict" in row.scores:
                groups[row.said].append(row)
        return {said: figure("verdict", rows) for said, rows in sorted(groups.items())}

    @cached_property
    def sure(self) -> stats.Sure:
        """Confidence and loss of every judged status; empty when the target gives no confidence."""
        return sure(self.rows)

    @cached_property
    def seconds(self) -> tuple[float, ...]:
        """Of every turn that was asked, texts left out; no part of the scores, which are the same in every run."""
        asked = (c.key for s in self.run.suites for c in s.conversations if c.kind == "ask")
        return tuple(second for key in asked for second in self.run.said[key].seconds)

    @cached_property
    def latency(self) -> Latency:
        """Percentiles of `seconds`."""
        return latency(self.seconds)

    @property
    def errors(self) -> tuple[Row, ...]:
        """Rows of targets' exceptions: they score worst and stay in every denominator."""
        return tuple(r for r in self.rows if r.error)

    def save(self) -> None:
        """Write ``scores.jsonl`` and ``summary.json``, the same bytes for the same answers, and ``timing.json``."""
        lines = [json.dumps(asdict(r), ensure_ascii=False) for r in self.rows]
        write(self.run.folder / "scores.jsonl", "\n".join(lines) + "\n")
        write(self.run.folder / "summary.json", _json(self.summary()))
        write(self.run.folder / "timing.json", _json(asdict(self.latency)))

    def summary(self) -> dict[str, object]:
        """The figures as JSON."""
        return {
            "suites": {s.name: {"version": s.version, "sha256": s.digest} for s in self.run.suites},
            "packs": sorted({f"{s.corpus.pack.name}@{s.corpus.pack.digest[:12]}" for s in self.run.suites}),
            "cases": len({r.id for r in self.rows}),
            "scored": len(self.rows),
            "errors": [r.key for r in self.errors],
            "figures": {name: _plain(t) for name, t in self.tables.items()},
            "tags": {name: _plain(t) for name, t in self.tags.items()},
            "straw": self.straw,
            "confusion": self.confusion,
            "reliability": _plain(self.reliability),
        }


def _plain(figures: Table) -> dict[str, object]:
    return {name: asdict(f) for name, f in figures.items()}


def _json(data: object) -> str:
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def figures(run: Run) -> Figures:
    """Score every case of a run."""
    cases: dict[str, Case] = {}
    replies: dict[str, Reply] = {}
    same: dict[str, bool] = {}
    for conversation in (c for s in run.suites for c in s.conversations):
        said = run.said[conversation.key]
        for case in conversation.cases:
            cases[case.key] = case
            replies[case.key] = said.replies[len(case.turns) - 1]
        if conversation.key in run.again:
            same[conversation.cases[-1].key] = run.again[conversation.key].raw == said.raw
    return Figures(run, cases, replies, tuple(_rows(cases, replies, same)))


def _rows(cases: Mapping[str, Case], replies: Mapping[str, Reply], same: Mapping[str, bool]) -> list[Row]:
    rows = [_row(case, replies[key]) for key, case in cases.items()]
    rows = [
        r if r.key not in same else replace(r, scores={**r.scores, "deterministic": float(same[r.key])}) for r in rows
    ]
    return [r for _, group in groupby(rows, key=lambda r: r.id) for r in _phrasings(list(group))]


def _row(case: Case, reply: Reply) -> Row:
    accepted, said = case.expect.status or case.expect.standing, reply.status or ""
    gold = (said if said in accepted else accepted[0]) if case.expect.status else ""
    judged = sha256(json.dumps([case.turns, case.expect.model_dump(mode="json")]).encode("utf-8", "surrogatepass"))
    scores = {name: round(value, 6) for name, value in score(case, reply).items()}
    return Row(
        case.key, case.id, case.suite, case.tags, case.variant, judged.hexdigest()[:8], gold, said, reply.error,
        reply.confidence, scores,
    )  # fmt: skip


def _phrasings(rows: Sequence[Row]) -> Iterator[Row]:
    """The rows of one case; the first also tells how its rewordings fared."""
    first = rows[0]
    others = [r for r in rows if r.variant]
    if others and all("verdict" in r.scores for r in rows):
        agreed = sum(r.said == first.said and not r.error for r in others) / len(others)
        right = float(all(r.scores["verdict"] == 1.0 for r in rows))
        first = replace(first, scores={**first.scores, "agreement": round(agreed, 6), "all_phrasings": right})
    yield first
    yield from rows[1:]


def table(rows: Sequence[Row]) -> dict[str, Figure]:
    """Every metric that applies to some row, ours in the order of `METRICS`, then others by name."""
    found, together = {name for row in rows for name in row.scores}, _of_all(rows)
    ordered = [m for m in METRICS if m in found or m in together] + sorted(found - set(METRICS))
    return {name: together.get(name) or figure(name, rows) for name in ordered}


def _of_all(rows: Sequence[Row]) -> dict[str, Figure]:
    """Figures that no row has by itself; they have no interval."""
    pairs, trusted = [(r.gold, r.said or "nothing") for r in rows if "verdict" in r.scores], sure(rows)
    found = {"macro_f1": (len(pairs), stats.macro_f1(pairs))} if pairs else {}
    if trusted:
        values = stats.coverage_at(trusted, _RISK), stats.augrc(trusted), stats.calibration_error(trusted)
        found |= {name: (len(trusted), v) for name, v in zip(("coverage@2%", "augrc", "ece"), values, strict=True)}
    return {name: Figure(n, *[round(value, 6)] * 3) for name, (n, value) in found.items()}


def sure(rows: Iterable[Row]) -> stats.Sure:
    """Confidence and loss of each judged status. An error counts as a wrong answer that was not sure of itself.

    Empty when no reply gives a confidence; a reply that gives none beside others that do is left out.
    """
    judged = [r for r in rows if "verdict" in r.scores]
    if all(r.confidence is None for r in judged):
        return []
    said = [(0.0 if r.error else r.confidence, 1.0 - r.scores["verdict"]) for r in judged]
    return [(confidence, loss) for confidence, loss in said if confidence is not None]


def figure(name: str, rows: Iterable[Row]) -> Figure:
    """Mean of a metric with its 95 % interval, phrasings and turns of a case as one cluster.

    For 0/1 metrics Wilson's with as many trials as there are cases; else the percentile bootstrap.
    """
    clusters: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if name in row.scores:
            clusters[row.id].append(row.scores[name])
    values = [v for c in clusters.values() for v in c]
    mean = sum(values) / len(values)
    low, high = (
        stats.wilson(mean * len(clusters), len(clusters))
        if is_binary(name)
        else stats.bootstrap(list(clusters.values()))
    )
    return Figure(len(values), round(mean, 6), round(low, 6), round(high, 6))


def latency(seconds: Iterable[float]) -> Latency:
    """Percentiles by nearest rank, in milliseconds; zeros for none."""
    ordered = sorted(seconds)

    def at(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 3) if ordered else 0.0

    return Latency(len(ordered), at(0.5), at(0.95), at(0.99))
