"""A table of hand-checked verdicts in, cases out: every row is asked by each template of its decision."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from assistant.errors import SuiteError, did_you_mean
from assistant.evals.form import STATUSES, CaseForm, Expect, GridForm, Group
from assistant.evals.yamlfile import read_text

_FIXED = ("id", "decision", "status", "quote", "note")
_OPTIONAL = re.compile(r"\[([^\[\]]*\{(\w+)\}[^\[\]]*)\]")
_PLACE = re.compile(r"\{(\w+)(?:\|([^{}]*))?\}")
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,119}")


def cases(form: GridForm, file: Path) -> list[tuple[int, CaseForm]]:
    """The cases of a grid, each with the line of its row. SuiteError with every fault of the table."""
    faults: list[str] = []
    found: list[tuple[int, CaseForm]] = []
    for line, row in _rows(file):
        try:
            found.append((line, _case(form, row)))
        except ValueError as error:
            faults.append(f"{file}:{line}: row {row['id'] or '?'}: {error}")
    if faults or not found:
        raise SuiteError(faults or [f"{file}: no rows; a grid needs at least one"])
    return found


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(read_text(file), newline=""), strict=True)
    try:
        missing = [name for name in _FIXED if name not in (reader.fieldnames or ())]
        if missing:
            raise SuiteError(
                [f"{file}:1: no column {', '.join(missing)}; a grid has {', '.join(_FIXED)} and one per fact"]
            )
        start = 2
        for row in reader:
            if None in row or None in row.values():
                raise SuiteError(
                    [f"{file}:{start}: {len(reader.fieldnames or ())} cells expected; quote cells that hold a comma"]
                )
            yield start, {name: text.strip() for name, text in row.items()}
            start = reader.line_num + 1
    except csv.Error as error:
        raise SuiteError([f"{file}:{reader.line_num}: not CSV: {error}"]) from None


def _case(form: GridForm, row: Mapping[str, str]) -> CaseForm:
    decision = row["decision"]
    if decision not in form.decisions:
        raise ValueError(f"unknown decision {decision!r}{did_you_mean(decision, form.decisions)}")
    if not _ID.fullmatch(row["id"]):
        raise ValueError(f"id {row['id']!r} should be small letters, digits, and . _ - between them")
    status = [s.strip() for s in row["status"].split("|")]
    unknown = [s for s in status if s not in STATUSES]
    if unknown:
        raise ValueError(f"unknown status {unknown[0]!r}{did_you_mean(unknown[0], STATUSES)}")
    facts = {name: text for name, text in row.items() if name not in _FIXED and text}
    asked = list(dict.fromkeys(_asked(form, decision, facts)))
    if len(asked) < 2:
        raise ValueError(f"the templates of {decision!r} ask it in one way only; write words or a template more")
    cite = [
        Group(any=tuple(q.strip() for q in group.split(" // ")))
        for group in row["quote"].split(" ;; ")
        if group.strip()
    ]
    expect = Expect.model_validate({"status": status, "facts": facts, "cite": cite})
    return CaseForm(
        id=row["id"], tags=(decision,), note=row["note"], ask=asked[0], paraphrases=tuple(asked[1:]), expect=expect
    )


def _asked(form: GridForm, decision: str, facts: Mapping[str, str]) -> Iterator[str]:
    """The row as each template asks it."""
    one = form.decisions[decision]

    def words(name: str, number: int) -> str:
        value = facts[name]
        known = one.words.get(name, {}).get(value) or form.words.get(name, {}).get(value) or (value.replace("_", " "),)
        return known[number % len(known)]

    for number, template in enumerate(one.templates):
        said = _OPTIONAL.sub(lambda m: m[1] if all(p[1] in facts for p in _PLACE.finditer(m[1])) else "", template)
        needed = [m[1] for m in _PLACE.finditer(said) if m[1] not in facts and m[2] is None]
        if needed:
            raise ValueError(
                f"template {number + 1} of {decision!r} needs {needed[0]!r}; fill it or write {{{needed[0]}|…}}"
            )
        text = _PLACE.sub(lambda m, n=number: words(m[1], n) if m[1] in facts else m[2], said)  # type: ignore[misc]
        text = " ".join(text.split())
        yield text[:1].upper() + text[1:]
