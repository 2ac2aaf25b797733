"""Feedback in, drafts of cases out. What was answered is kept as `observed`, never as gold: a human says what is right.

A line: ``{"turns": […], "answer": {…}, "rating": "up" | "down", "reason", "correction", "versions"}``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path

from assistant.errors import SuiteError, did_you_mean
from assistant.evals.anchor import normal
from assistant.evals.form import CaseForm
from assistant.evals.near import Near
from assistant.evals.runner import write
from assistant.evals.suite import load_suites, validated
from assistant.evals.yamlfile import Located, Tree, parse, read, read_text

_SCRUB = (
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[mail]"),
    (re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"), "[guid]"),
)
_ADDRESS = re.compile(r"[0-9A-Fa-f:.]*[:.][0-9A-Fa-f:.]*[0-9A-Fa-f:]")
_BREAKS = re.compile("[\x85\u2028\u2029\ufeff]")
"""Characters that YAML takes for line breaks or marks unless they are escaped."""
_MOST = 64 * 2**20
"""Bytes of one inbox file."""
Line = tuple[str, str]
"""Where a line of feedback stands, and its JSON."""


@dataclass(frozen=True, slots=True)
class Harvest:
    """What some feedback gave."""

    drafts: tuple[Mapping[str, Tree], ...]
    lines: int
    doubles: int
    """Lines that ask what another line, or a case of a suite, asks already."""
    alike: tuple[tuple[str, str], ...]
    """Last question of a line that asks the same in other words, and of what asked it before."""
    faults: tuple[str, ...]
    """Lines that could not be read, with file and line; the others are not lost for them."""


def scrubbed(text: str) -> str:
    """Without mail addresses, GUIDs and IP addresses; what is no character at all becomes a question mark."""
    for pattern, word in _SCRUB:
        text = pattern.sub(word, text)
    return _ADDRESS.sub(_unaddressed, text).encode("utf-8", "replace").decode()


def _unaddressed(found: re.Match[str]) -> str:
    try:
        ip_address(found[0])
    except ValueError:
        return found[0]
    return "[ip]"


def harvest(inbox: Iterable[Line], known: Sequence[tuple[str, ...]] = (), near: Near | None = None) -> Harvest:
    """A draft for every new question of some feedback, in its order; `known` are the turns that suites have.

    Without `near`, only what has the same words counts as the same.
    """
    seen = {_same(turns) for turns in known}
    if near:
        for turns in known:
            near.met(turns)
    drafts: list[Mapping[str, Tree]] = []
    alike: list[tuple[str, str]] = []
    faults: list[str] = []
    lines = doubles = 0
    for place, raw in inbox:
        lines += 1
        try:
            draft, turns, asked = _draft(raw)
        except ValueError as error:
            faults.append(f"{place}: {error}")
            continue
        if asked in seen:
            doubles += 1
            continue
        seen.add(asked)
        met = near.met(turns) if near else None
        if met:
            alike.append((turns[-1], met[-1]))
        else:
            drafts.append(draft)
    return Harvest(tuple(drafts), lines, doubles, tuple(alike), tuple(faults))


def written(paths: Sequence[Path]) -> Iterator[Line]:
    """The lines of JSONL files, and of those in folders, oldest first."""
    for path in paths:
        for file in sorted(path.glob("*.jsonl")) if path.is_dir() else [path]:
            for number, raw in enumerate(read_text(file, _MOST).split("\n"), 1):
                if raw.strip():
                    yield f"{file}:{number}", raw


def _same(turns: Sequence[str]) -> tuple[str, ...]:
    """Turns that differ in case, spaces and final punctuation only are the same."""
    return tuple(normal(scrubbed(t)).casefold().rstrip(" ?.!") for t in turns)


def _draft(raw: str) -> tuple[Mapping[str, Tree], tuple[str, ...], tuple[str, ...]]:
    """The draft of a line, its clean turns, and these without what does not count."""
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from None
    turns = data.get("turns") if isinstance(data, dict) else None
    if not isinstance(turns, list) or not turns or not all(isinstance(t, str) and t.strip() for t in turns):
        raise ValueError('"turns" should be a list of at least one question')
    clean = [" ".join(scrubbed(t).split()) for t in turns]
    asked = _same(turns)
    name = f"chat-{sha256(repr(asked).encode('utf-8', 'surrogatepass')).hexdigest()[:10]}"
    said: dict[str, Tree] = {"ask": clean[0]} if len(clean) == 1 else {"turns": [{"ask": turn} for turn in clean]}
    return {"id": name, "tags": ["feedback"], **said, "observed": _observed(data)}, tuple(clean), asked


def _observed(data: Mapping[str, object]) -> dict[str, Tree]:
    """What was answered, and what was said of it."""
    answer, versions = data.get("answer"), data.get("versions")
    found: dict[str, Tree] = {}
    if isinstance(answer, dict):
        found.update((name, scrubbed(str(answer[name]))) for name in ("status", "text") if answer.get(name))
        quotes = [str(c["quote"]) for c in answer.get("citations") or () if isinstance(c, dict) and c.get("quote")]
        if quotes:
            found["quotes"] = quotes
    found.update((name, scrubbed(str(data[name]))) for name in ("rating", "reason", "correction") if data.get(name))
    if isinstance(versions, dict) and versions:
        found["versions"] = [f"{name} {value}" for name, value in versions.items()]
    return found


def known_turns(suites: Sequence[Path], drafts: Path, pack: Path | None) -> list[tuple[str, ...]]:
    """What the cases of some suites, and the drafts that are there already, ask."""
    asked = [c.turns for s in load_suites(suites, pack) for c in s.conversations] if suites else []
    for case in _cases(read(drafts)) if drafts.exists() else ():
        turns = case.get("turns")
        whole = (
            [str(t.get("ask")) for t in turns if isinstance(t, dict)]
            if isinstance(turns, list)
            else [str(case.get("ask"))]
        )
        asked.append(tuple(whole))
    return asked


def _cases(located: Located) -> list[Mapping[str, Tree]]:
    cases = located.tree.get("cases") if isinstance(located.tree, dict) else None
    return [c for c in cases if isinstance(c, dict)] if isinstance(cases, list) else []


def write_drafts(drafts: Sequence[Mapping[str, Tree]], file: Path, head: str) -> None:
    """Append drafts to a suite file, beginning it with `head` when it is new."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        new = not file.exists()
        with file.open("a", encoding="utf-8") as out:
            out.write((head if new else "") + as_yaml(drafts))
    except OSError as error:
        raise SuiteError([f"{file}: {error.strerror or error}; free some space or take another file"]) from None


def as_yaml(drafts: Sequence[Mapping[str, Tree]]) -> str:
    """Cases as the items of a suite's `cases:`."""
    import yaml

    plain = not _BREAKS.search(json.dumps(drafts, ensure_ascii=False))
    return str(yaml.safe_dump(list(drafts), allow_unicode=plain, sort_keys=False, width=120)) if drafts else ""


def promote(name: str, drafts: Path, suite: Path, pack: Path | None) -> None:
    """Move one draft, which a human has given `expect:`, to the end of a suite; `observed` stays behind.

    SuiteError when there is none of that id, when it has no expectation, or when the suite would not be valid with it;
    then neither file is changed.
    """
    located = read(drafts)
    found = _cases(located)
    ids = [str(c.get("id")) for c in found]
    if name not in ids:
        raise SuiteError([f"{drafts}: no draft {name!r}{did_you_mean(name, ids)}"])
    place = ids.index(name)
    case = {key: value for key, value in found[place].items() if key != "observed"}
    line = located.line(("cases", place))
    if "expect" not in case and "turns" not in case:
        raise SuiteError(
            [f"{drafts}:{line}: case {name}: write what is right under `expect:` first; what was observed is not gold"]
        )
    validated(Located(drafts, case, {(): line}), CaseForm)
    before = read_text(suite)
    text = before.rstrip("\n") + "\n" + as_yaml([case])
    parse(text, suite)
    rest = [c for n, c in enumerate(found) if n != place]
    write(suite, text)
    try:
        load_suites([suite], pack)
    except SuiteError:
        write(suite, before)
        raise
    head = "\n".join(
        line for line in read_text(drafts).split("\n")[: located.line(("cases",)) - 1] if not line.startswith("cases:")
    )
    write(drafts, f"{head}\ncases:\n{as_yaml(rest)}")
