"""A folder of Markdown in, a first suite for it out, to be filled by whoever knows what is right."""

from __future__ import annotations

import re
from pathlib import Path

from assistant.errors import SuiteError
from assistant.evals.runner import write
from assistant.pack import Pack, load

_EXAMPLES = 3


def new(name: str, corpus: Path, into: Path) -> Path:
    """Write ``into/name.yaml`` with a few questions whose gold is quoted from the documents. SuiteError when it is there."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,60}", name):
        raise SuiteError([f"{name!r}: name a suite in small letters, digits and hyphens"])
    file = into / f"{name}.yaml"
    if file.exists():
        raise SuiteError([f"{file}: is there already; take another name"])
    pack = load(corpus)
    into.mkdir(parents=True, exist_ok=True)
    write(file, _text(name, pack, _relative(pack.folder, into)))
    return file


def _relative(folder: Path, into: Path) -> str:
    """From the suite to its documents, as a path that stays right when both are moved together."""
    import os

    return Path(os.path.relpath(folder.resolve(), into.resolve())).as_posix()


def _text(name: str, pack: Pack, corpus: str) -> str:
    """The suite, with questions after the titles of sections whose first unit is a sentence."""
    lines = [
        "# Questions on these documents. Gold is quoted from them letter by letter; `assistant eval validate` finds it.",
        "# The first cases are examples of the form: replace them by what people ask, and say what a right answer is.",
        f"suite: {name}",
        "version: 1",
        f"corpus: {corpus if '/' in corpus else './' + corpus}",
        "cases:",
    ]
    first = {u.section_id: u for d in pack.documents for u in reversed(d.units) if u.kind == "paragraph"}
    usable = [(s, first[s.id]) for s in pack.sections.values() if s.id in first and 30 < len(first[s.id].text) < 300]
    for number, (section, unit) in enumerate(usable[:_EXAMPLES], 1):
        quote = " ".join(unit.text.split()).replace("'", "''")
        title = section.title.replace("'", "''")
        lines += [
            f"- id: example-{number}",
            "  tags: [example]",
            f"  ask: 'What do the documents say about {title}?'",
            "  expect:",
            "    status: information",
            "    cite:",
            f"    - any: ['{quote}']",
        ]
    lines += [
        "- id: silent",
        "  tags: [abstain]",
        "  ask: 'What is the phone number of the office?'",
        "  expect: {status: [not_stated, out_of_scope]}",
    ]
    return "\n".join(lines) + "\n"
