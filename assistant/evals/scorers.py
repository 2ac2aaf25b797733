"""A case and a reply in, figures out: pure functions. A missing key means that the figure does not apply.

A team's own scorers have the same form, ``score(case, reply) -> {name: value}``, are registered under the entry point
group ``assistant.scorers``, and what they return is better when it is higher.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from itertools import chain
from re import Pattern
from typing import Literal

from assistant.errors import SuiteError
from assistant.evals import ranking
from assistant.evals.anchor import Span, normal
from assistant.evals.form import Nugget, pattern
from assistant.evals.reply import SILENT, Cited, Claimed, Reply
from assistant.evals.suite import Case

Scores = Mapping[str, float]
Scorer = Callable[[Case, Reply], Scores]
SAYS_NOTHING = {"not_stated", "out_of_scope"}
_OPPOSITE = {"supported": "not_supported", "not_supported": "supported"}
_GRAVITY = ("contradicted", "disputed", "not_covered", "proven")
_FLAGGED = {"contradicted", "disputed"}


@dataclass(frozen=True, slots=True)
class Metric:
    """What a figure says."""

    about: str
    better: Literal["high", "low"] = "high"
    binary: bool = True
    """Whether each case scores 0 or 1, so that Wilson's interval applies."""


METRICS: Mapping[str, Metric] = {
    "right": Metric("status, quotes and vital words all right, nothing forbidden"),
    "verdict": Metric("the status is one that a fair expert accepts"),
    "macro_f1": Metric("mean of the F1 of each status", binary=False),
    "dangerous_yes": Metric("said supported where only a no is right", "low"),
    "contradiction": Metric("said the opposite of the only right verdict, or something forbidden", "low"),
    "truthfulness": Metric("+1 right, 0 silent, -1 wrong", binary=False),
    "final_verdict": Metric("the last turn of a conversation has the right status"),
    "coverage@2%": Metric("share answered when only the surest are, as many as leave 2 % of them wrong", binary=False),
    "augrc": Metric("mean share wrong and answered, over every share answered, the surest first", "low", binary=False),
    "ece": Metric("how far confidences lie from the share right, over ten bins", "low", binary=False),
    "abstain_recall": Metric("said nothing is stated where nothing is"),
    "abstain_precision": Metric("where it said that nothing is stated, nothing was"),
    "over_abstention": Metric("said nothing is stated where something is", "low"),
    "ask_recall": Metric("said that it depends where only that is right"),
    "ask_precision": Metric("where it said that it depends, it did"),
    "ask_slots": Metric("F1 of the missing facts that it names", binary=False),
    "needless_ask": Metric("asked back for what changes nothing", "low"),
    "facts_precision": Metric("share of the facts it understood that were said", binary=False),
    "facts_recall": Metric("share of the facts said that it understood", binary=False),
    "facts_f1": Metric("F1 of the facts it understood", binary=False),
    "facts_all": Metric("all facts understood, none invented (joint goal accuracy)"),
    "cite_recall": Metric("share of the required places whose section it cites", binary=False),
    "cite_precision": Metric("share of its cited sections that are required or allowed", binary=False),
    "quote_recall": Metric("share of the required places that its quotes touch", binary=False),
    "quote_verbatim": Metric("share of its quotes that stand in the cited section letter by letter", binary=False),
    "quote_support": Metric("share of the vital words that stand in its quotes", binary=False),
    "nuggets_vital": Metric("share of the vital words said", binary=False),
    "nuggets_all": Metric("share of all expected words said", binary=False),
    "nuggets_weighted": Metric("the same, a welcome word counting half", binary=False),
    "forbidden": Metric("said something forbidden", "low"),
    "ndcg@10": Metric("retrieval: discounted gain of the first ten sections", binary=False),
    "recall@5": Metric("retrieval: share of the gold sections among the first five", binary=False),
    "recall@10": Metric("retrieval: share of the gold sections among the first ten", binary=False),
    "mrr@10": Metric("retrieval: 1 / rank of the first gold section", binary=False),
    "success@1": Metric("retrieval: the first section is a gold one"),
    "success@5": Metric("retrieval: a gold section is among the first five"),
    "standing": Metric("share of a text's claims that stand as expected", binary=False),
    "killed": Metric("share of the wrong claims of a text that were flagged", binary=False),
    "false_alarm": Metric("share of the claims with nothing wrong that were flagged", "low", binary=False),
    "claim_cited": Metric("share of the places that prove or refute a claim that were cited for it", binary=False),
    "agreement": Metric("share of the rewordings that get the same status as the question", binary=False),
    "all_phrasings": Metric("the question and every rewording have the right status"),
    "deterministic": Metric("asked twice, in whatever process, it gave the same bytes"),
}
"""Every figure of ours, in the order of reports."""
OF_ALL = {"macro_f1", "coverage@2%", "augrc", "ece"}
"""Figures of many cases together, which no case has by itself."""


def better_low(name: str) -> bool:
    """Whether less of it is better."""
    return name in METRICS and METRICS[name].better == "low"


def is_binary(name: str) -> bool:
    """Whether each case scores 0 or 1."""
    return name in METRICS and METRICS[name].binary


def score(case: Case, reply: Reply) -> dict[str, float]:
    """Every figure that applies. A reply that is an error scores worst in all that apply to a silent one."""
    if not reply.error:
        return applied(scorers(), case, reply)
    silent = applied(scorers(), case, SILENT)
    return {name: 1.0 if better_low(name) else min(0.0, value) for name, value in silent.items()}


def applied(scorers_: Mapping[str, Scorer], case: Case, reply: Reply) -> dict[str, float]:
    """What these scorers give. SuiteError, naming scorer and case, when one of them fails."""
    found: dict[str, float] = {}
    for name, scorer in scorers_.items():
        try:
            found |= {k: float(v) for k, v in scorer(case, reply).items()}
        except Exception as error:
            raise SuiteError([f"scorer {name}: case {case.key}: {type(error).__name__}: {error}"]) from error
    return {"right": _right(found), **found} if case.kind == "ask" and "verdict" in found else found


def _right(found: Scores) -> float:
    parts = [found.get("verdict", 1.0), found.get("quote_recall", 1.0), found.get("nuggets_vital", 1.0)]
    return float(all(p == 1.0 for p in parts) and not found.get("forbidden"))


@cache
def scorers() -> Mapping[str, Scorer]:
    """Ours and the registered ones, by name."""
    own = (verdict, abstaining, asking, facts, citations, nuggets, retrieval, claims)
    return {f.__name__: f for f in own} | {e.name: e.load() for e in entry_points(group="assistant.scorers")}


# ---- status


def verdict(case: Case, reply: Reply) -> Scores:
    """The status against all that are accepted."""
    accepted, said = case.expect.status, reply.status
    if not accepted or said is None:
        return {}
    right = said in accepted
    found = {"verdict": float(right), "truthfulness": 1.0 if right else 0.0 if said in SAYS_NOTHING else -1.0}
    if "not_supported" in accepted and "supported" not in accepted:
        found["dangerous_yes"] = float(said == "supported")
    if len(accepted) == 1 and accepted[0] in _OPPOSITE:
        found["contradiction"] = float(said == _OPPOSITE[accepted[0]] or _forbidden(case, reply))
    if case.last and len(case.turns) > 1:
        found["final_verdict"] = float(right)
    return found


def abstaining(case: Case, reply: Reply) -> Scores:
    """Whether it is silent where, and only where, the documents are."""
    accepted, said = set(case.expect.status), reply.status
    if not accepted or said is None:
        return {}
    silent = said in SAYS_NOTHING
    found = {}
    if accepted <= SAYS_NOTHING:
        found["abstain_recall"] = float(silent)
    if not accepted & SAYS_NOTHING:
        found["over_abstention"] = float(silent)
    if silent:
        found["abstain_precision"] = float(bool(accepted & SAYS_NOTHING))
    return found


def asking(case: Case, reply: Reply) -> Scores:
    """Whether it says "depends" where it does, on what, and asks back for nothing else."""
    accepted, said = case.expect.status, reply.status
    if not accepted or said is None:
        return {}
    found = {}
    if accepted == ("depends",):
        found["ask_recall"] = float(said == "depends")
    if said == "depends":
        found["ask_precision"] = float("depends" in accepted)
    wanted = {_read(case, name) for name in case.expect.asks}
    if wanted and reply.missing is not None:
        found["ask_slots"] = _f1(wanted, {_read(case, name) for name in reply.missing})
    asked = reply.asked_back
    if asked is not None:
        useless = "depends" not in accepted or (bool(wanted) and _read(case, asked) not in wanted)
        found["needless_ask"] = float(bool(asked) and useless)
    return found


def _read(case: Case, name: str) -> str:
    """The dimension from which a decision's own is read."""
    dimension = case.corpus.pack.dimensions.get(name)
    return (dimension.reads if dimension else "") or name


# ---- facts


def facts(case: Case, reply: Reply) -> Scores:
    """Dimension and values, of all that has been said so far."""
    if not case.facts or reply.facts is None:
        return {}
    gold = {(name, frozenset(values)) for name, values in case.facts.items()}
    said = {
        (_read(case, name), frozenset(values))
        for name, values in reply.facts.items()
        if values and not _asked(case, name)
    }
    hit = len(gold & said)
    return {
        "facts_precision": hit / len(said) if said else 0.0,
        "facts_recall": hit / len(gold),
        "facts_f1": _f1(gold, said),
        "facts_all": float(gold == said),
    }


def _asked(case: Case, name: str) -> bool:
    """Whether a dimension is what a question asks for rather than what it says."""
    dimension = case.corpus.pack.dimensions.get(name)
    return dimension is not None and dimension.kind == "asked"


def _f1(gold: set[str] | set[tuple[str, frozenset[str]]], said: set[str] | set[tuple[str, frozenset[str]]]) -> float:
    return 2 * len(gold & said) / (len(gold) + len(said))


# ---- places


def citations(case: Case, reply: Reply) -> Scores:
    """Cited sections and quotes against the places that gold names."""
    if reply.citations is None:
        return {}
    found = {}
    if reply.citations:
        found["quote_verbatim"] = sum(_verbatim(case, c) for c in reply.citations) / len(reply.citations)
    if case.gold:
        cited = {c: _places(case, c) for c in reply.citations}
        sections = {s.section_id for spans in cited.values() for s in spans}
        spans = set(chain.from_iterable(cited.values()))
        wanted = [{s.section_id for s in group} for group in case.gold]
        fine = set().union(*wanted, (s.section_id for s in case.allowed))
        groups = len(case.gold)
        found["cite_recall"] = sum(bool(w & sections) for w in wanted) / groups
        found["cite_precision"] = len(sections & fine) / len(sections) if sections else 0.0
        found["quote_recall"] = sum(_met(group, spans) for group in case.gold) / groups
    vital = [n for n in case.expect.nuggets if n.vital]
    if vital:
        quoted = " … ".join(c.quote for c in reply.citations)
        found["quote_support"] = sum(says(n.any, quoted) for n in vital) / len(vital)
    return found


def _met(group: Sequence[Span], spans: set[Span]) -> bool:
    return any(g.meets(s) for g in group for s in spans)


def _places(case: Case, cited: Cited) -> tuple[Span, ...]:
    """Where a citation points: its quote in its section, or wherever it stands when the section is not ours."""
    spans = case.corpus.find(cited.quote)
    own = tuple(s for s in spans if s.section_id == cited.section_id)
    if cited.section_id in case.corpus.texts:
        return own or (Span(cited.section_id, 0, 0),)
    return spans


def _verbatim(case: Case, cited: Cited) -> bool:
    """Whether a quote stands in its section, and at its offsets where it gives them."""
    corpus = case.corpus
    if cited.section_id in corpus.texts and cited.start is not None and cited.end is not None:
        text = corpus.pack.document(corpus.pack.section(cited.section_id).document).text
        return text[cited.start : cited.end] == cited.quote
    return any(s.end > s.start for s in _places(case, cited))


def retrieval(case: Case, reply: Reply) -> Scores:
    """The ranked sections against those that hold a gold quote; every place that gold names counts as relevant."""
    if not case.gold or reply.hits is None:
        return {}
    relevant = {s.section_id for group in case.gold for s in group}
    ids = [
        h.section_id if h.section_id in case.corpus.texts else _section_of(case, h.text, n)
        for n, h in enumerate(reply.hits)
    ]
    scores = ranking.of_list(ids)
    return {
        "ndcg@10": ranking.ndcg(scores, relevant, 10),
        "recall@5": ranking.recall(scores, relevant, 5),
        "recall@10": ranking.recall(scores, relevant, 10),
        "mrr@10": ranking.reciprocal_rank(scores, relevant, 10),
        "success@1": ranking.success(scores, relevant, 1),
        "success@5": ranking.success(scores, relevant, 5),
    }


def _section_of(case: Case, text: str, number: int) -> str:
    """The section that a foreign passage is cut from; one of its own when it is none of ours, or spans several."""
    spans = case.corpus.find(text)
    return spans[0].section_id if spans else f"?{number}"


# ---- words


def nuggets(case: Case, reply: Reply) -> Scores:
    """Expected and forbidden words in the text."""
    if reply.text is None:
        return {}
    found = {"forbidden": float(_forbidden(case, reply))} if case.expect.forbid else {}
    if not case.expect.nuggets:
        return found
    weights = [(1.0 if n.vital else 0.5, says(n.any, reply.text)) for n in case.expect.nuggets]
    found["nuggets_all"] = sum(s for _, s in weights) / len(weights)
    found["nuggets_weighted"] = sum(w * s for w, s in weights) / sum(w for w, _ in weights)
    vital = [s for w, s in weights if w == 1.0]
    return found | ({"nuggets_vital": sum(vital) / len(vital)} if vital else {})


def _forbidden(case: Case, reply: Reply) -> bool:
    return bool(case.expect.forbid) and says(case.expect.forbid, reply.text or "")


def says(aliases: Sequence[str], text: str) -> bool:
    """Whether a text has one of these words."""
    plain = normal(text)
    return any(_compiled(alias).search(plain) for alias in aliases)


@cache
def _compiled(alias: str) -> Pattern[str]:
    return pattern(alias if alias.startswith("re:") else normal(alias))


def lacking(case: Case, reply: Reply) -> Iterator[Nugget]:
    """The expected words that a reply does not say."""
    yield from (n for n in case.expect.nuggets if not says(n.any, reply.text or ""))


def uncited(case: Case, reply: Reply) -> Iterator[str]:
    """The first quote of each required place that no quote of the reply touches."""
    spans = _spans(case, reply.citations or ())
    for group, places in zip(case.expect.cite, case.gold, strict=True):
        if not _met(places, spans):
            yield group.any[0]


# ---- texts


def claims(case: Case, reply: Reply) -> Scores:
    """Each claim that gold names, or the text as a whole, against what was said of those words."""
    if reply.claims is None or not (case.expect.standing or case.expect.claims):
        return {}
    told = [(set(case.expect.standing), gravest(reply.claims))] if case.expect.standing else []
    matched = [matching(case, reply, c.sentence) for c in case.expect.claims]
    told += [
        (set(c.standing), m.standing if m else "not_covered") for c, m in zip(case.expect.claims, matched, strict=True)
    ]
    found = {"standing": sum(said in wanted for wanted, said in told) / len(told)}
    wrong = [said for wanted, said in told if wanted <= _FLAGGED]
    fine = [said for wanted, said in told if not wanted & _FLAGGED]
    if wrong:
        found["killed"] = sum(said in _FLAGGED for said in wrong) / len(wrong)
    if fine:
        found["false_alarm"] = sum(said in _FLAGGED for said in fine) / len(fine)
    groups = [(g, m) for gold, m in zip(case.claims, matched, strict=True) for g in gold]
    if groups:
        found["claim_cited"] = sum(bool(m) and _met(g, _spans(case, m.citations)) for g, m in groups if m) / len(groups)
    return found


def gravest(said: Sequence[Claimed]) -> str:
    """The gravest standing of some claims; not_covered when there is none."""
    return min((c.standing for c in said), key=_GRAVITY.index, default="not_covered")


def matching(case: Case, reply: Reply, sentence: str) -> Claimed | None:
    """What was said of these words of the text: the claim that shares most of them, the graver of equals."""
    text = case.turns[-1]
    start = text.find(sentence)

    def shared(claim: Claimed) -> int:
        first = text.find(claim.sentence) if claim.start is None else claim.start
        last = first + len(claim.sentence) if claim.end is None else claim.end
        return min(last, start + len(sentence)) - max(first, start) if first >= 0 else 0

    near = sorted(reply.claims or (), key=lambda c: (-shared(c), _GRAVITY.index(c.standing)))
    return near[0] if near and shared(near[0]) > 0 else None


def _spans(case: Case, cited: Sequence[Cited]) -> set[Span]:
    return {s for c in cited for s in _places(case, c)}
