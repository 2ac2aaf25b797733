"""A run in, files for other tools out: TREC, JUnit, CSV, and Inspect's log."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from assistant.evals.detail import brief, detail, judged
from assistant.evals.figures import ALL, Figures, Row
from assistant.evals.runner import FORMAT, write
from assistant.evals.scorers import METRICS, OF_ALL


def trec(figures: Figures, folder: Path) -> list[Path]:
    """``trec/qrels`` and ``trec/run.txt``: sections ranked for each case that names places, scored by 1 / rank."""
    qrels, ranked = [], []
    for key, case in figures.cases.items():
        hits = figures.replies[key].hits
        if not case.gold or hits is None:
            continue
        relevant = sorted({s.section_id for group in case.gold for s in group})
        qrels += [f"{key} 0 {section} 1" for section in relevant]
        names = list(dict.fromkeys(h.section_id for h in hits))
        ranked += [f"{key} Q0 {name} {n} {1 / n:.6f} assistant" for n, name in enumerate(names, 1)]
    (folder / "trec").mkdir(exist_ok=True)
    return [_written(folder / "trec/qrels", _lines(qrels)), _written(folder / "trec/run.txt", _lines(ranked))]


def junit(figures: Figures, folder: Path) -> list[Path]:
    """``junit.xml``: a test for each case; one that is not right fails and says why."""
    root = Element("testsuites", name="evaluation")
    for suite in figures.run.suites:
        rows = [r for r in figures.rows if r.suite == suite.name]
        wrong = sum(judged(r) == "wrong" and not r.error for r in rows)
        errors = sum(bool(r.error) for r in rows)
        unscored = sum(judged(r) == "unscored" for r in rows)
        counts = {"tests": len(rows), "failures": wrong, "errors": errors, "skipped": unscored}
        one = SubElement(root, "testsuite", {"name": suite.name} | {name: str(n) for name, n in counts.items()})
        for row in rows:
            test = SubElement(one, "testcase", classname=suite.name, name=row.key)
            if judged(row) == "unscored":
                SubElement(test, "skipped", message="the target does not say what this case needs")
            elif judged(row) == "wrong":
                kind = "error" if row.error else "failure"
                found = detail(figures, row.key)
                SubElement(test, kind, message=_xml("; ".join(found.faults)[:300])).text = _xml("\n".join(brief(found)))
    indent(root)
    return [_written(folder / "junit.xml", tostring(root, encoding="unicode", xml_declaration=True) + "\n")]


def table(figures: Figures, folder: Path) -> list[Path]:
    """``scores.csv``: a line per case and a column per metric; what a spreadsheet would run as a formula is quoted."""
    found = {m for r in figures.rows for m in r.scores}
    metrics = [m for m in METRICS if m in found] + sorted(found - set(METRICS))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["case", "suite", "tags", "question", "right status", "said", "error", *metrics])
    for row in figures.rows:
        asked = figures.cases[row.key].turns[-1]
        words = [row.key, row.suite, " ".join(row.tags), asked, row.gold, row.said, row.error]
        writer.writerow([*(_inert(w) for w in words), *(row.scores.get(m, "") for m in metrics)])
    return [_written(folder / "scores.csv", out.getvalue())]


def inspect(figures: Figures, folder: Path) -> list[Path]:
    """``inspect/TIME_evaluation_RUN.json``: a log of Inspect (version 2 of its JSON form), written without installing it.

    ``inspect view --log-dir RUN/inspect`` shows it; the viewer lists only files that are named in this way.
    """
    about, model = figures.run.about, str(figures.run.about.get("target"))
    created = str(about.get("started"))
    table_ = figures.tables[ALL]
    spec = {
        "created": created, "task": "+".join(s.name for s in figures.run.suites), "task_version": FORMAT, "model": model,
        "dataset": {"name": ", ".join(s.name for s in figures.run.suites), "samples": len(figures.rows)}, "config": {},
        "metadata": {"packs": about.get("packs"), "version": about.get("version"), "commit": about.get("git")},
    }  # fmt: skip
    scores = [
        {"name": name, "scorer": name, "scored_samples": f.n, "unscored_samples": len(figures.rows) - f.n, "metrics": {"mean": {"name": "mean", "value": f.mean}}}
        for name, f in table_.items()
        if name not in OF_ALL
    ]  # fmt: skip
    log = {
        "version": 2, "status": "success", "eval": spec, "plan": {"name": "plan", "steps": []},
        "results": {"total_samples": len(figures.rows), "completed_samples": len(figures.rows), "scores": scores},
        "stats": {"started_at": created, "completed_at": created},
        "samples": [_sample(figures, row, model) for row in figures.rows],
    }  # fmt: skip
    (folder / "inspect").mkdir(exist_ok=True)
    name = f"{created.replace(':', '-')}_evaluation_{re.sub(r'[^A-Za-z0-9]', '', folder.name) or 'run'}.json"
    return [_written(folder / "inspect" / name, json.dumps(log, ensure_ascii=False) + "\n")]


def _sample(figures: Figures, row: Row, model: str) -> dict[str, object]:
    case, reply, found = figures.cases[row.key], figures.replies[row.key], detail(figures, row.key)
    said = {"role": "assistant", "content": reply.error or reply.text or "", "model": model, "source": "generate"}
    explained = "\n".join(found.faults)
    return {
        "id": row.key, "epoch": 1, "input": case.turns[-1],
        "target": list(case.expect.status or case.expect.standing) or [c.sentence for c in case.expect.claims],
        "messages": [*({"role": "user", "content": turn, "source": "input"} for turn in case.turns), said],
        "output": {"model": model, "choices": [{"message": said, "stop_reason": "stop"}], "error": reply.error or None},
        "scores": {name: {"value": value, "answer": row.said, "explanation": explained} for name, value in row.scores.items()},
        "metadata": {"tags": list(row.tags), "expected": found.expected, "understood": found.read, "rules": found.rules, "quotes": found.quotes},
    }  # fmt: skip


FORMATS: Mapping[str, Callable[[Figures, Path], list[Path]]] = {
    "trec": trec,
    "junit": junit,
    "csv": table,
    "inspect": inspect,
}
"""By the name that ``eval export --to`` takes."""


def _written(file: Path, text: str) -> Path:
    write(file, text)
    return file


def _lines(lines: list[str]) -> str:
    return "\n".join(lines) + "\n" if lines else ""


def _inert(text: str) -> str:
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _xml(text: str) -> str:
    """Without the control characters that XML cannot hold."""
    return "".join(c for c in text if c >= " " or c in "\t\n\r")
