"""Other people's question lists in, a suite to be completed by hand out."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from assistant.errors import SuiteError, did_you_mean
from assistant.evals.form import STATUSES
from assistant.evals.yamlfile import Located, Tree, read, read_text

Draft = Mapping[str, Tree]
"""A case as it will stand in the suite."""


def from_csv(file: Path) -> list[Draft]:
    """Columns question, and any of id, expected_verdict, quote, must_mention, must_not_say, tags; ; between several."""
    reader = csv.DictReader(io.StringIO(read_text(file), newline=""), strict=True)
    known = {"id", "question", "expected_verdict", "quote", "must_mention", "must_not_say", "tags"}
    unknown = [name for name in reader.fieldnames or () if name not in known]
    if "question" not in (reader.fieldnames or ()) or unknown:
        what = f"unknown column {unknown[0]!r}{did_you_mean(unknown[0], known)}" if unknown else "no column 'question'"
        raise SuiteError([f"{file}:1: {what}"])
    drafts, faults = [], []
    try:
        for n, row in enumerate(reader, 1):
            words = {name: [w.strip() for w in (row.get(name) or "").split(";") if w.strip()] for name in known}
            question = (row["question"] or "").strip()
            slips = [s for s in words["expected_verdict"] if s not in STATUSES]
            if not question or slips:
                what = f"unknown status {slips[0]!r}{did_you_mean(slips[0], STATUSES)}" if slips else "no question"
                faults.append(f"{file}:{reader.line_num}: {what}")
                continue
            drafts.append(_draft("".join(words["id"]) or f"case-{n:03d}", question, words))
    except csv.Error as error:
        raise SuiteError([f"{file}:{reader.line_num}: not CSV: {error}"]) from None
    if faults or not drafts:
        raise SuiteError(faults or [f"{file}: no rows"])
    return drafts


def _draft(name: str, question: str, words: Mapping[str, list[str]]) -> Draft:
    expect: dict[str, Tree] = {}
    if words["expected_verdict"]:
        expect["status"] = words["expected_verdict"]
    if words["quote"]:
        expect["cite"] = [{"any": [quote]} for quote in words["quote"]]
    if words["must_mention"]:
        expect["nuggets"] = [{"any": word.split("|")} for word in words["must_mention"]]
    if words["must_not_say"]:
        expect["forbid"] = words["must_not_say"]
    tags: dict[str, Tree] = {"tags": words["tags"]} if words["tags"] else {}
    return {"id": _slug(name), **tags, "ask": question, "expect": expect or {"status": "information"}}


def from_promptfoo(file: Path) -> list[Draft]:
    """``tests`` of a promptfoo file: the only variable, or `question`, and assertions contains, icontains, regex and their not-."""
    located = read(file)
    tests = located.tree.get("tests") if isinstance(located.tree, dict) else None
    if not isinstance(tests, list) or not tests:
        raise SuiteError([f"{file}:1: no `tests:` list; name the promptfoo file that holds them"])
    return [_test(located, n, test) for n, test in enumerate(tests)]


def _test(located: Located, n: int, test: Tree) -> Draft:
    variables = test.get("vars") if isinstance(test, dict) else None
    if not isinstance(test, dict) or not isinstance(variables, dict) or not variables:
        raise SuiteError([located.at(("tests", n), "a test needs `vars:` with the question")])
    question = variables.get("question", next(iter(variables.values())))
    if not isinstance(question, str):
        raise SuiteError([located.at(("tests", n, "vars"), "the question should be text")])
    expect: dict[str, Tree] = {}
    found = list(_asserted(located, n, test.get("assert", [])))
    nuggets = [{"any": list(words)} for no, words in found if not no]
    forbidden = [word for no, words in found if no for word in words]
    if nuggets:
        expect["nuggets"] = nuggets
    if forbidden:
        expect["forbid"] = forbidden
    name = test.get("description")
    return {
        "id": _slug(name if isinstance(name, str) else f"test-{n + 1:03d}"),
        "ask": question,
        "expect": expect or {"status": "information"},
    }


def _asserted(located: Located, n: int, asserts: Tree) -> Iterator[tuple[bool, tuple[str, ...]]]:
    """(whether forbidden, words) of each assertion. SuiteError for one that needs a judge or a script."""
    for k, one in enumerate(asserts if isinstance(asserts, list) else []):
        kind, value = (one.get("type"), one.get("value")) if isinstance(one, dict) else (None, None)
        words = value if isinstance(value, list) else [value]
        texts = tuple(w for w in words if isinstance(w, str))
        plain = str(kind).removeprefix("not-")
        if (
            plain
            not in {"contains", "icontains", "contains-any", "icontains-any", "contains-all", "icontains-all", "regex"}
            or not texts
        ):
            raise SuiteError(
                [
                    located.at(
                        ("tests", n, "assert", k), f"assertion {kind!r} has no counterpart here; take it out first"
                    )
                ]
            )
        texts = tuple(f"re:{t}" for t in texts) if plain == "regex" else texts
        if plain.endswith("-all"):
            yield from ((str(kind).startswith("not-"), (text,)) for text in texts)
        else:
            yield str(kind).startswith("not-"), texts


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-._")[:100] or "case"


FORMATS: Mapping[str, Callable[[Path], list[Draft]]] = {"csv": from_csv, "promptfoo": from_promptfoo}
"""By the name that ``eval import --from`` takes."""
