"""What a query does: the tab it names, the turns it plays, supposes or rates, the view it draws. No framework."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.channels.checking import checking
from assistant.channels.documents import documents
from assistant.channels.evidence import supposed
from assistant.channels.explore import explore
from assistant.channels.inbox import Opinion, record
from assistant.channels.markup import link
from assistant.channels.practise import practise
from assistant.channels.render import LOST, scope
from assistant.channels.transcript import Query, Turns, address, play, read, suppose
from assistant.errors import AssistantError

if TYPE_CHECKING:
    from assistant.engine import Assistant

log = logging.getLogger("assistant.page")
View = Callable[["Assistant", dict[str, str]], str]
Keep = Callable[[Mapping[str, object]], None]
"""Keeps a record of feedback; an AssistantError when it cannot."""


class Screen:
    """What the page answers with: the assistant that answers now, what keeps feedback, where reports lie."""

    def __init__(self, current: Callable[[], Assistant], keep: Keep, runs: Path) -> None:
        self.current, self.keep, self.runs = current, keep, runs

    @property
    def views(self) -> dict[str, tuple[str, View]]:
        """Name of a tab → its title and what draws it; the first is the conversation, drawn by Gradio."""
        found: dict[str, tuple[str, View]] = {
            "ask": ("Ask", lambda _, __: ""),
            "explore": ("Explore", explore),
            "documents": ("Documents", documents),
            "practise": ("Practise", practise),
            "check": ("Check a text", checking),
        }
        if self.report:
            found["evaluations"] = ("Evaluations", lambda _, __: self._evaluations())
        return found

    @property
    def report(self) -> Path | None:
        """The newest report of an evaluation."""
        files = sorted(self.runs.glob("*/report.html"), key=lambda f: (f.stat().st_mtime, f))
        return files[-1] if files else None

    def _evaluations(self) -> str:
        """The report in a frame of its own: its scripts run, and reach nothing of this page."""
        text = self.report.read_text(encoding="utf-8") if self.report else ""
        name = escape(self.report.parent.name) if self.report else ""
        return (
            f'<section aria-label="Evaluations"><h2>The last evaluation: {name}</h2>'
            f'<iframe title="Report {name}" sandbox="allow-scripts" srcdoc="{escape(text)}"></iframe></section>'
        )

    def header(self, tab: str) -> str:
        """Title, scope and the tabs; the current one says so."""
        items = "".join(
            link(title, *([("tab", name)] if name != "ask" else [])).replace(
                "<a ", '<a aria-current="page" ' if name == tab else "<a "
            )
            for name, (title, _) in self.views.items()
        )
        return f'{scope(self.current().pack)}<nav aria-label="Views" data-tab="{tab}">{items}</nav>'

    def draw(self, tab: str, query: Query) -> str:
        """The view of a tab."""
        return self.views[tab][1](self.current(), dict(query))

    # ---- what a query does

    def tab(self, query: Query) -> str:
        """The tab that a query names; the conversation when it names none."""
        name = dict(query).get("tab", "ask")
        return name if name in self.views else "ask"

    def turns(self, query: Query, turns: Turns) -> Turns:
        """The turns after a query: played, supposed otherwise, or rated."""
        fields = dict(query)
        number = int(fields["turn"]) if fields.get("turn", "").isdecimal() else 0
        answer = turns[number - 1].answer if 0 < number <= len(turns) else None
        if fields.get("do") == "suppose" and answer:
            return (*turns, suppose(self.current(), number, supposed(answer, fields), turns))
        if fields.get("do") == "rate" and answer:
            return self._rated(turns, number, fields)
        if "do" in fields or self.tab(query) != "ask" or read(address(turns)) == query:
            return turns
        return play(self.current(), query)

    def _rated(self, turns: Turns, number: int, fields: dict[str, str]) -> Turns:
        one, asked = turns[number - 1], [t.question for t in turns[:number]]
        if one.answer and one.rated in {"", LOST}:
            opinion = Opinion(fields.get("rating", ""), fields.get("reason", ""), fields.get("correction", ""))
            try:
                self.keep(record(asked, one.answer, one.answer.pack, opinion))
                one = replace(one, rated=fields.get("rating", "down"))
            except AssistantError as error:
                log.warning("%s", error)
                one = replace(one, rated=LOST)
        return (*turns[: number - 1], one, *turns[number:])
