"""The corridor: a question is read, decided by the rules, explained by retrieval and worded with its proof."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from assistant.checker import Checker
from assistant.compose import Composer, Page
from assistant.conversation import Context
from assistant.corridor import Case
from assistant.errors import AssistantError, UnknownName
from assistant.pack import Pack, load
from assistant.reading import Reader
from assistant.retrieve import Retriever
from assistant.statements import Statements
from assistant.types import Answer, Facts, Hit, Kind, Reading, Scenario, Second, Status, Verdict, Verification

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage
    from langchain_core.runnables import Runnable
    from langchain_core.tools import BaseTool

    from assistant.doors import SectionRetriever
    from assistant.draft import Drafter, Price
    from assistant.second import SecondReader
    from assistant.verify import Verifier

log = logging.getLogger("assistant.engine")


class Opening(TypedDict, total=False):
    """What `Assistant.load` may be told besides, all of it optional."""

    embedding: str | None
    model: BaseChatModel | None
    price: Price | None
    read_twice: bool


class Assistant:
    """Answers questions about one pack; every call is independent of the others and can be replayed."""

    def __init__(
        self, pack: Pack, retriever: Callable[[], Retriever], model: BaseChatModel | None = None, *,
        price: Price | None = None, read_twice: bool = False,
    ) -> None:  # fmt: skip
        self.pack = pack
        self.checker = Checker(pack)
        self.reader = Reader(pack)
        self.statements = Statements(pack, self.reader.vocabulary)
        self.composer = Composer(pack)
        self.drafter = self._drafter(model, price) if model else None
        self._read_twice = read_twice
        self._open = retriever

    def _drafter(self, model: BaseChatModel, price: Price | None) -> Drafter:
        from assistant.draft import Drafter

        return Drafter(self.pack, self.verifier, model, price)

    @classmethod
    def load(
        cls, pack: Path | str | None = None, *, home: Path | None = None, embedding: str | None = None,
        say: Callable[[str], None] = log.info, model: BaseChatModel | None = None,
        price: Price | None = None, read_twice: bool = False,
    ) -> Assistant:  # fmt: skip
        """The assistant for a pack folder (the shipped one by default); the index is opened, or built, when first needed.

        `home` holds indexes (default ``~/.cache/assistant``), `embedding` is the folder of another
        sentence-transformers model, `say` hears of progress, `model` is any LangChain chat model: it words the answers,
        each sentence verified, and decides nothing; `price` turns its tokens into costs. With `read_twice` it reads each
        question too, and where it reads otherwise than we do the answer says what would follow. PackError when the pack is
        not well formed.
        """
        knowledge = load(pack or shipped())
        where = home or Path.home() / ".cache" / "assistant"

        def retriever() -> Retriever:
            from assistant.index import ensure

            try:
                return Retriever(knowledge, ensure(knowledge, where, embedding, say))
            except AssistantError as error:
                log.warning("%s", error)
                say(f"searching words only: {error}")
                return Retriever(knowledge, None)

        return cls(knowledge, retriever, model, price=price, read_twice=read_twice)

    @cached_property
    def verifier(self) -> Verifier:
        """Reads claims; made on first use."""
        from assistant.verify import Verifier

        return Verifier(self.pack, self.reader.vocabulary, self.checker)

    @cached_property
    def second(self) -> SecondReader | None:
        """Reads questions too, with the chat model that words the answers; None when that was not asked for."""
        if not self.drafter or not self._read_twice:
            return None
        from assistant.second import SecondReader

        return SecondReader(self.pack, self.drafter.model, self.drafter.price)

    @cached_property
    def retriever(self) -> Retriever:
        """Opened on first use: a verdict from the rules alone never waits for it."""
        return self._open()

    @property
    def degraded(self) -> bool:
        """Whether the search had to be opened without its index."""
        return "retriever" in self.__dict__ and self.retriever.degraded

    # ---- the verbs

    def ask(self, question: str, after: Answer | None = None) -> Answer:
        """Answer a question; `after` is the previous answer of the conversation. QuestionError when it cannot be read."""
        return next(piece for piece in self.stream(question, after) if isinstance(piece, Answer))

    def stream(self, question: str, after: Answer | None = None) -> Iterator[str | Answer]:
        """The text of the answer in pieces, as soon as each is proven, and at last the Answer itself."""
        yield from self.word(self.settle(question, after), after=after)

    def _read_again(
        self, answer: Answer, after: Answer | None, stopped: Callable[[], str]
    ) -> Callable[[], Second] | None:
        """A second reading of a question about one machine, begun; what it comes to where it differs is decided by the rules."""
        reading = answer.reading
        if not self.second or not reading or not reading.decision or len(reading.scenarios) != 1:
            return None
        from assistant.second import adopted, compared, differing

        dimensions, ours = self.pack.dimensions, reading.scenarios[0].facts
        looked_at = dict.fromkeys(dimensions[n].reads or n for n in self.checker.space(reading.decision).domains)
        names = [n for n in looked_at if dimensions[n].kind != "asked"]
        read = self.second.begin(answer.question, after.facts if after else {}, names, stopped)

        def finish() -> Second:
            second = read()
            if second.fault or not (differs := differing(ours, second, names)):
                return second
            second = replace(second, differs=differs)
            return compared(self.pack, second, ours, self.suppose(answer, adopted(ours, second)))

        return finish

    def settle(self, question: str, after: Answer | None = None) -> Answer:
        """The answer by the rules and the documents alone. QuestionError as `ask`."""
        context = None
        if after and after.reading:
            shown = after.citations[0].quote if after.citations else ""
            only = after.options[0] if len(after.options) == 1 else ""
            context = Context(after.reading.last, after.ask.dimension if after.ask else None, shown, only)
        reading = self.reader.read(question, context)
        log.debug("reading %s", reading)
        return Case(self, question, reading).answer()

    def word(
        self, answer: Answer, stopped: Callable[[], str] = str, after: Answer | None = None
    ) -> Iterator[str | Answer]:
        """A settled answer in the chat model's proven words, piece by piece, and at last as an Answer; as it is without one.

        Where the model reads each question too, it does so meanwhile, told the facts of `after`, the answer before, and
        the Answer says what it read otherwise. As soon as `stopped` gives a reason (`str` never does), the model is left
        alone and the answer ends in its own words.
        """
        second = self._read_again(answer, after, stopped)
        for piece in self.draft(answer, stopped):
            yield replace(piece, second=second()) if second and isinstance(piece, Answer) else piece

    def draft(self, answer: Answer, stopped: Callable[[], str] = str) -> Iterator[str | Answer]:
        """As `word`, without reading the question again."""
        if self.drafter:
            yield from self.drafter.draft(answer, self.search(answer.question, 4), stopped)
        else:
            yield answer.text
            yield answer

    def suppose(self, answer: Answer, *facts: Facts) -> Answer:
        """The question of `answer` on other facts, one set for each machine it told of; UnknownName for what is not there.

        What the question said of them no longer counts, a name the documents do not know among it.
        """
        reading = (answer.reading or self.reader.read(answer.question)).last
        machines = zip(reading.scenarios, facts, strict=True)
        scenarios = tuple(replace(one, facts=self._known(given)) for one, given in machines)
        named = {word for given in facts for name in given for word in self.pack.dimensions[name].unheard}
        unheard = tuple(word for word in reading.unheard if word not in named)
        return Case(self, answer.question, replace(reading, scenarios=scenarios, unheard=unheard)).answer()

    def decide(self, decision: str, facts: Facts) -> Answer:
        """What the rules say of facts alone, as an answer with its proof. UnknownName for what the pack does not have."""
        self.checker.space(decision)
        kind: Kind = "value" if self.pack.decisions[decision].kind == "value" else "capability"
        return _Decided(self, "", Reading(kind, decision, (Scenario(self._known(facts)),))).answer()

    def _known(self, facts: Facts) -> Facts:
        return self.facts({name: ",".join(values) for name, values in facts.items()})

    def check(self, decision: str | None = None, **facts: str) -> Verdict:
        """The verdict on facts alone. UnknownName for a dimension or value that the pack does not have."""
        known = self.facts(facts)
        return self.checker.check(self.decision_of(facts) if decision is None else decision, known)

    def facts(self, said: Mapping[str, str]) -> Facts:
        """Facts given as dimension=value (several values joined by commas), checked."""
        found = {}
        for name, text in said.items():
            if name not in self.pack.dimensions:
                raise UnknownName("dimension", name, self.pack.dimensions)
            names = self.pack.dimensions[name].names
            values = [value.strip() for value in text.split(",")]
            for value in values:
                if value not in names:
                    raise UnknownName(f"value of {name}", value, names)
            found[name] = tuple(v for v in names if v in values)
        return found

    def decision_of(self, said: Mapping[str, str]) -> str:
        """The decision that uses the most of these facts; the first declared of equals, the pack's main one last."""

        def used(decision: str) -> int:
            domains = self.checker.space(decision).domains
            sources = {self.pack.dimensions[n].reads for n in domains}
            return sum(n in domains or n in sources for n in said)

        order = list(self.pack.decisions)[::-1]
        if not order:
            raise UnknownName("decision", "check", ())
        return max(order, key=used)

    def worded(self, verdict: Verdict, facts: Facts) -> str:
        """A verdict on these facts in words, with the places it rests on."""
        page = Page(self.pack)
        reading = Reading("capability", verdict.decision, (Scenario(facts),))
        write = (
            self.composer.value if self.pack.decisions[verdict.decision].kind == "value" else self.composer.capability
        )
        write(page, reading, verdict)
        self.composer.close(page, [facts], verdict.assumed)
        sources = [f"[{c.marker}] {c.title} – “{c.quote}”" for c in page.citations()]
        return "\n".join([page.text, "", *sources])

    def search(self, query: str, k: int = 5, known: str = "") -> list[Hit]:
        """The `k` best places for a query; `known` are words that are looked for as well."""
        return self.retriever.search(query, k, known)

    def places(self, reading: Reading, k: int = 5) -> list[Hit]:
        """The `k` best places for a question as it was read: what it asks, and what the documents call the facts it tells."""
        told = (self.pack.label(n, v) for s in reading.scenarios for n, values in s.facts.items() for v in values)
        return self.search(reading.topic, k, " ".join(dict.fromkeys(told)))

    def verify(self, text: str) -> Verification:
        """The claims of any text, Markdown or plain: proven, contradicted, disputed or not covered, with places and corrections.

        Decided by the rules and stated facts alone; the index is never opened. QuestionError for a text over a million characters.
        """
        return self.verifier.verify(text)

    # ---- LangChain

    def as_runnable(self) -> Runnable[str, AIMessage]:
        """A LangChain runnable: question to AIMessage with citation annotations; has `batch` and `stream`."""
        from assistant.doors import runnable

        return runnable(self.ask)

    def as_retriever(self, k: int = 5) -> SectionRetriever:
        """A LangChain retriever over the same index."""
        from assistant.doors import SectionRetriever

        return SectionRetriever(find=self.search, k=k)

    def as_tool(self) -> BaseTool:
        """A LangChain tool for agents."""
        from assistant.doors import tool

        about = f"Answers about {self.pack.about}, as of {self.pack.edition_words}: verdict, proof, exact citations."
        return tool(self.ask, about)


class _Decided(Case):
    """Facts without a question: the rules speak alone, and nothing can be misread."""

    def answer(self) -> Answer:
        return replace(super().answer(), confidence=None, situation="rules on given facts")

    def _status(self) -> Status:
        return self._value() if self.reading.kind == "value" else self._capability()


def shipped(name: str = "azure-backup") -> Path:
    """The folder of a pack that comes with the package; UnknownName when there is none of that name."""
    here = Path(__file__).resolve().parent
    for root in (here / "corpus", here.parent / "corpus"):
        if (root / name / "pack.toml").exists():
            return root / name
    known = [p.parent.name for root in (here / "corpus", here.parent / "corpus") for p in root.glob("*/pack.toml")]
    raise UnknownName("pack", name, known)
