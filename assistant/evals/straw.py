"""Four answers that know nothing, scored by the same code: what a figure is worth is its distance from theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

from assistant.evals.anchor import Corpus
from assistant.evals.reply import Cited, Ranked, Reply
from assistant.evals.suite import Case
from assistant.index import in_memory, units_of
from assistant.types import Unit

_HITS = 60


def abstain(_: Case) -> Reply:
    """Never says anything."""
    return Reply(status="not_stated", text="", facts={}, missing=(), ask=None, citations=(), claims=())


def agree(_: Case) -> Reply:
    """Always says yes."""
    return Reply(
        status="supported", text="Yes, that is supported.", facts={}, missing=(), ask=None, citations=(), claims=()
    )


def everything(case: Case) -> Reply:
    """Recites and cites all documents."""
    return _all(case.corpus)


@cache
def _all(corpus: Corpus) -> Reply:
    cited = tuple(_cited(unit) for unit in units_of(corpus.pack))
    text = "\n".join(c.quote for c in cited)
    return Reply(status="information", text=text, facts={}, missing=(), ask=None, citations=cited, claims=())


def first_hit(case: Case) -> Reply:
    """Quotes the unit that BM25 puts first."""
    units = _search(case.corpus)(case.turns[-1])
    cited = tuple(_cited(u) for u in units[:1])
    sections = dict.fromkeys(u.section_id for u in units)
    hits = tuple(Ranked(section_id=s) for s in list(sections)[:10])
    text = " ".join(c.quote for c in cited)
    return Reply(status="information", text=text, facts={}, missing=(), ask=None, citations=cited, claims=(), hits=hits)


@cache
def _search(corpus: Corpus) -> Callable[[str], list[Unit]]:
    """The lexical leg alone, over the words of the documents and none of the questions that the pack lists."""
    find, units = in_memory(replace(corpus.pack, facts=(), rules=())), units_of(corpus.pack)
    return lambda query: [units[number] for number, _ in find(query, _HITS)]


def _cited(unit: Unit) -> Cited:
    return Cited(quote=unit.text, section_id=unit.section_id, start=unit.start, end=unit.end)


STRAW: Mapping[str, Callable[[Case], Reply]] = {
    "always abstain": abstain,
    "always yes": agree,
    "cite everything": everything,
    "first hit": first_hit,
}
"""By the name that reports show."""
