"""Every provider's own LangChain client, opened as `--model` opens it, against a server on loopback that speaks its protocol.

langchain-anthropic and langchain-ollama are no part of the environment; `make nightly-providers` lays them beside it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest
from fakes import Behaviour, sentences, served

from assistant.draft import Drafter, Price, chat_model
from assistant.engine import Assistant
from assistant.types import Answer

PROVIDERS = ("openai", "azure_openai", "anthropic", "ollama")
QUESTION = "Can MARS back up our on-prem Ubuntu VM?"
TRUE = "The MARS agent backs up Windows files, folders and system state to a Recovery Services vault."
LIE = "MARS backs up on-premises Linux VMs."
READ = {"location": ["on_premises"], "os": ["windows"], "environment": ["virtual"], "tool": ["mars"]}


@contextmanager
def opened(
    helper: Assistant, provider: str, behaviour: Behaviour, within: float = 5.0, *, read_twice: bool = False
) -> Iterator[Assistant]:
    """An assistant with a model of this provider that behaves so."""
    with served(behaviour) as url, pytest.MonkeyPatch.context() as environment:
        root = url.removesuffix("/v1")
        for name, value in {
            "OPENAI_API_KEY": "x", "OPENAI_BASE_URL": url,
            "AZURE_OPENAI_API_KEY": "x", "AZURE_OPENAI_ENDPOINT": root, "OPENAI_API_VERSION": "2024-10-21",
            "ANTHROPIC_API_KEY": "x", "ANTHROPIC_BASE_URL": root, "OLLAMA_HOST": root,
        }.items():  # fmt: skip
            environment.setenv(name, value)
        if provider == "azure_openai":
            environment.delenv("OPENAI_BASE_URL")
        model = chat_model(f"{provider}:fake")
        made = Assistant(helper.pack, lambda: helper.retriever, model, price=Price(1.0, 5.0), read_twice=read_twice)
        made.drafter = Drafter(helper.pack, made.verifier, model, Price(1.0, 5.0), within=within)
        yield made


def plain(answer: Answer) -> Answer:
    """The answer without what a model had to do with it."""
    return replace(answer, draft=None, second=None)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_proven_sentence_is_shown_and_a_lie_is_not(helper: Assistant, provider: str) -> None:
    with opened(helper, provider, Behaviour(script=sentences(TRUE, LIE))) as made:
        answer = made.ask(QUESTION)
    assert TRUE in answer.text
    assert LIE not in answer.text
    told = answer.draft
    assert told is not None
    assert (told.model, told.kept, told.replaced, told.fault) == ("fake", 1, 1, "")
    assert (told.input_tokens, told.output_tokens, told.cost) == (100, 20, 0.0002)
    assert told.seconds > 0


@pytest.mark.parametrize("provider", PROVIDERS)
def test_sentences_arrive_while_the_model_still_speaks(helper: Assistant, provider: str) -> None:
    behaviour = Behaviour(script=lambda _: [f"{TRUE} ", "One more. ", "And on.", "."], pause=0.5)
    with opened(helper, provider, behaviour) as made:
        began, seen = time.monotonic(), 0.0
        for piece in made.stream(QUESTION):
            if isinstance(piece, str) and TRUE in piece:
                seen = time.monotonic() - began
    assert 0 < seen < 1.5


FAULTS = {
    "server error": Behaviour(status=500),
    "rate limit": Behaviour(status=429),
    "no access": Behaviour(status=401),
    "overloaded": Behaviour(status=529),
    "malformed": Behaviour(raw=b"{this is no json"),
    "empty object": Behaviour(raw=b"{}"),
    "slow": Behaviour(script=sentences(TRUE), pause=3.0),
    "breaks at once": Behaviour(script=sentences(LIE), breaks_after=0),
    "breaks mid-stream": Behaviour(script=sentences(LIE), breaks_after=3),
    "silent": Behaviour(script=lambda _: []),
    "refuses": Behaviour(script=lambda _: [], refuses=True),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_fault_ends_in_time_with_the_answer_without_a_model(helper: Assistant, provider: str, fault: str) -> None:
    with opened(helper, provider, FAULTS[fault], within=2.0) as made:
        began = time.monotonic()
        answer = made.ask(QUESTION)
        assert time.monotonic() - began < 4.0
    assert plain(answer) == helper.ask(QUESTION)
    assert answer.draft is not None
    assert answer.draft.kept == 0


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_second_reading_comes_in_the_providers_own_form(helper: Assistant, provider: str) -> None:
    def script(body: dict[str, object]) -> Sequence[str]:
        text = json.dumps(body)
        names = [n for n in helper.pack.dimensions if f'"{n}": {{"type": "array"' in text]
        return [json.dumps({**{n: [] for n in names}, **READ})] if names else [""]

    with opened(helper, provider, Behaviour(script=script), read_twice=True) as made:
        answer = made.ask(QUESTION)
    assert plain(answer) == helper.ask(QUESTION)
    assert answer.second is not None
    assert (answer.second.fault, answer.second.differs, answer.second.status) == ("", ("os",), "supported")
    assert answer.second.cost
    assert answer.second.input_tokens


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_server_that_is_silent_is_given_up_by_the_client_itself(helper: Assistant, provider: str) -> None:
    behaviour = Behaviour(script=sentences(TRUE), pause=30.0)
    with opened(helper, provider, behaviour):
        model, began = chat_model(f"{provider}:fake", within=1.0), time.monotonic()
        with pytest.raises(Exception, match=r"(?i)time"):
            list(model.stream("Anybody there?"))
        assert time.monotonic() - began < 3.0
