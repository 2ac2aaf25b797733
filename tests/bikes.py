"""A pack of four lines, with citations of it and answers about it, for the tests of what is shown."""

from __future__ import annotations

from assistant.channels.render import Turn
from assistant.pack import Pack
from assistant.types import Answer, Citation

FILES = {
    "pack.toml": """
        name = "bikes"
        title = "Bikes <&> more"
        edition = "2020-01"
        edition_words = "January 2020"
        [[document]]
        id = "rules"
        file = "rules.md"
        url = "https://example.org/rules?a=1&b=2"
        """,
    "rules.md": """\
# Rules

## Trains

First line.

**Bikes** ride `free` on Sundays.

Last line.

## Fares

| Day | Fare |
|---|---|
| Saturday | 2 |
| Sunday | nothing |
| Monday | 3 |

- one
- two
""",
    "vocabulary.toml": """
        [dimension.day]
        kind = "fact"
        label = "Day"
        ask = "Which day?"
        [dimension.day.values.sunday]
        label = "on a Sunday"
        words = ["sunday"]
        [dimension.day.values.monday]
        label = "on a Monday"
        words = ["monday"]
        """,
    "decisions.toml": """
        [[decision]]
        id = "ride"
        kind = "capability"
        label = "ride"
        """,
    "rules.toml": """
        [[rule]]
        id = "B-1"
        decision = "ride"
        when = { day = "sunday" }
        then = "supported"
        title = "Bikes ride on Sundays."
        because = "It is written."
        source = "rules#trains"
        quote = "ride `free` on Sundays"
        basis = "explicit"
        fires = ["Can I ride on Sunday?"]
        silent = ["Can I ride on Monday?"]
        """,
}


def cited(pack: Pack, section_id: str, quote: str, marker: int = 1, url: str | None = None) -> Citation:
    section = pack.section(section_id)
    start = pack.document(section.document).text.index(quote)
    return Citation(
        marker=marker,
        section_id=section_id,
        title=section.title,
        heading_path=section.heading_path,
        url=section.url if url is None else url,
        edition=section.edition,
        quote=quote,
        start=start,
        end=start + len(quote),
        answer_start=0,
        answer_end=1,
    )


def answered(pack: Pack, text: str = "Yes. [1]", **rest: object) -> Turn:
    data: dict[str, object] = {
        "id": "ans_1",
        "question": "Free?",
        "status": "supported",
        "text": text,
        "citations": (cited(pack, "rules#trains", "ride `free` on Sundays"),),
    }
    return Turn("Free?", Answer(**{**data, **rest}))  # type: ignore[arg-type]  # a table of fields
