"""A chat model reads the question too: what differs is shown with what would follow, and nothing it says decides anything.

The models stand behind a real OpenAI-compatible server on loopback, so the whole client path runs.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.resources import files

import jsonschema
import pytest
from fakes import Behaviour, Script, served
from langchain_core.messages import AIMessage
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from assistant.channels.evidence import evidence, supposed
from assistant.channels.markup import badge
from assistant.channels.render import Turn
from assistant.cli import main
from assistant.draft import Price, tokens
from assistant.engine import Assistant
from assistant.second import SecondReader
from assistant.types import Answer, Facts

QUESTION = "Can MARS back up our on-prem Ubuntu VM?"
OURS = {"location": ["on_premises"], "os": ["linux"], "environment": ["virtual"], "tool": ["mars"]}
"""As we read it; the model is asked for these and for all else that the decision looks at."""
SCHEMA = json.loads(files("assistant").joinpath("answer.schema.json").read_text(encoding="utf-8"))


def reads(facts: Mapping[str, object]) -> Script:
    """Says these facts to whoever asks for a form, and nothing to whoever asks for a draft."""

    def script(body: dict[str, object]) -> Sequence[str]:
        form = body.get("response_format")
        if not isinstance(form, dict):
            return [""]
        names = form["json_schema"]["schema"]["required"]
        return [json.dumps({**{n: [] for n in names}, **facts})]

    return script


@contextmanager
def reading_twice(helper: Assistant, behaviour: Behaviour, within: float = 5.0) -> Iterator[Assistant]:
    """An assistant whose model behaves so and reads each question, and drafts none."""
    with served(behaviour) as url:
        model = ChatOpenAI(model="fake", base_url=url, api_key=SecretStr("x"), max_retries=0, timeout=5)
        made = Assistant(helper.pack, lambda: helper.retriever, model, price=Price(2.0, 10.0), read_twice=True)
        made.drafter = None
        made.second = SecondReader(helper.pack, model, Price(2.0, 10.0), within=within)
        yield made


def asked(helper: Assistant, behaviour: Behaviour, question: str = QUESTION, after: Answer | None = None) -> Answer:
    """The answer of an assistant whose model behaves so."""
    with reading_twice(helper, behaviour) as made:
        return made.ask(question, after)


def lists(facts: Facts) -> dict[str, list[str]]:
    """Facts as JSON has them."""
    return {name: list(values) for name, values in facts.items()}


def plain(answer: Answer) -> Answer:
    """The answer without what a model had to do with it."""
    return replace(answer, draft=None, second=None)


def test_the_same_reading_says_nothing(helper: Assistant) -> None:
    answer = asked(helper, Behaviour(script=reads(OURS)))
    assert plain(answer) == helper.ask(QUESTION)
    assert answer.second is not None
    assert lists(answer.second.facts) == OURS
    assert (answer.second.differs, answer.second.says, answer.second.status) == ((), "", "")
    assert (answer.second.input_tokens, answer.second.output_tokens, answer.second.cost) == (50, 10, 0.0002)
    jsonschema.validate(json.loads(json.dumps(answer.to_dict())), SCHEMA)


def test_another_reading_is_checked_and_shown_and_decides_nothing(helper: Assistant) -> None:
    answer = asked(helper, Behaviour(script=reads({**OURS, "os": ["windows"]})))
    assert plain(answer) == helper.ask(QUESTION)
    assert answer.second is not None
    assert (answer.second.differs, answer.second.status) == (("os",), "supported")
    assert answer.second.says.startswith(
        "fake, a model, reads the question otherwise: Operating system: Windows (ours: Linux). If that is meant: Yes"
    )
    jsonschema.validate(json.loads(json.dumps(answer.to_dict())), SCHEMA)


def test_the_schema_is_the_vocabulary(helper: Assistant) -> None:
    behaviour = Behaviour(script=reads(OURS))
    asked(helper, behaviour)
    (form,) = [b["response_format"] for b in behaviour.requests if "response_format" in b]
    assert isinstance(form, dict)
    assert form["json_schema"]["schema"]["properties"]["os"]["items"]["enum"] == ["windows", "linux"]


def test_what_the_pack_does_not_know_is_dropped(helper: Assistant) -> None:
    lies = {**OURS, "os": ["linux", "solaris", 7, None], "verdict": "supported", "colour": ["red"]}
    answer = asked(helper, Behaviour(script=reads(lies)))
    assert answer.second is not None
    assert (lists(answer.second.facts), answer.second.says) == (OURS, "")


def test_a_follow_up_is_read_with_what_was_told_before(helper: Assistant) -> None:
    behaviour = Behaviour(script=reads({**OURS, "os": ["windows"]}))
    answer = asked(helper, behaviour, "And if it runs Windows?", helper.ask(QUESTION))
    assert answer.second is not None
    assert answer.second.says == ""
    told = next(b["messages"] for b in behaviour.requests if "response_format" in b)
    assert isinstance(told, list)
    assert json.loads(told[1]["content"])["told before"]["os"] == ["linux"]


FAULTS = {
    "dead": Behaviour(status=500),
    "rate limit": Behaviour(status=429),
    "malformed": Behaviour(raw=b"{this is no json"),
    "empty object": Behaviour(raw=b"{}"),
    "prose": Behaviour(script=lambda _: ["The operating system is Windows, so it is supported."]),
    "a list": Behaviour(script=lambda _: ["[1, 2]"]),
    "refuses": Behaviour(script=lambda _: ["I'm sorry, but I can't help with that."]),
    "slow": Behaviour(script=reads({**OURS, "os": ["windows"]}), pause=8.0),
    "half": Behaviour(script=lambda _: ['{"os": ["win']),
    "not everything": Behaviour(script=lambda _: ['{"os": ["windows"]}']),
    "nested": Behaviour(script=lambda _: ["[" * 100_000]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_ends_in_time_with_the_answer_without_it(helper: Assistant, fault: str) -> None:
    with reading_twice(helper, FAULTS[fault], within=1.0) as made:
        began = time.monotonic()
        answer = made.ask(QUESTION)
        assert time.monotonic() - began < 4.0  # half of what the slow model takes
    assert plain(answer) == helper.ask(QUESTION)
    assert answer.second is not None
    assert (answer.second.facts, answer.second.says) == ({}, "")
    assert answer.second.fault


def test_a_model_that_lies_of_everything_decides_nothing(helper: Assistant) -> None:
    asks = [example for rule in helper.pack.rules for example in rule.fires][::3]
    apart = 0
    for number, ask in enumerate(asks):
        names = helper.pack.dimensions.values()
        lie = {d.name: [d.names[number % len(d.names)]] for d in names}
        answer = asked(helper, Behaviour(script=reads(lie)), ask)
        assert plain(answer) == helper.ask(ask)
        apart += bool(answer.second and answer.second.says)
    assert apart > len(asks) // 2


def test_it_is_off_by_default(helper: Assistant) -> None:
    behaviour = Behaviour(script=reads(OURS))
    with served(behaviour) as url:
        model = ChatOpenAI(model="fake", base_url=url, api_key=SecretStr("x"), max_retries=0, timeout=5)
        answer = Assistant(helper.pack, lambda: helper.retriever, model).ask(QUESTION)
    assert answer.second is None
    assert [b for b in behaviour.requests if "response_format" in b] == []


@pytest.mark.parametrize("question", ["What is MARS?", "Tell me a joke", "VM A is Linux, VM B is Windows. Can MARS back up both?"])  # fmt: skip
def test_it_is_asked_only_where_one_machine_is_decided(helper: Assistant, question: str) -> None:
    behaviour = Behaviour(script=reads(OURS))
    assert asked(helper, behaviour, question).second is None


def test_the_evidence_shows_a_difference(helper: Assistant) -> None:
    answer = asked(helper, Behaviour(script=reads({**OURS, "os": ["windows"], "tool": []})))
    assert (
        "<h3>fake, a model, reads it otherwise</h3>"
        '<div class="table" role="region" aria-label="Read otherwise" tabindex="0"><table>'
        '<thead><tr><th scope="col">Fact</th><th scope="col">ours</th><th scope="col">fake</th></tr></thead><tbody>'
        '<tr><th scope="row">Operating system</th><td>Linux</td><td>Windows</td></tr>'
        '<tr><th scope="row">Tool</th><td>the MARS agent</td><td>not said</td></tr></tbody></table></div>'
        '<form data-do class="tools"><input type="hidden" name="do" value="suppose"><input type="hidden" name="turn" value="1">'
        f'<span>By the rules that would be</span>{badge("supported")}<button name="change" value="second">Ask it so</button></form>'
    ) in evidence(helper.checker, (Turn(QUESTION, answer),))
    assert "otherwise" not in evidence(helper.checker, (Turn(QUESTION, helper.ask(QUESTION)),))


def test_the_models_reading_can_be_asked_and_is_decided_by_the_rules(helper: Assistant) -> None:
    answer = asked(helper, Behaviour(script=reads({**OURS, "os": ["windows"], "tool": []})))
    (given,) = supposed(answer, {"change": "second"})
    assert given == {"location": ("on_premises",), "environment": ("virtual",), "os": ("windows",)}
    assert answer.second is not None
    assert helper.suppose(answer, given).status == answer.second.status
    assert supposed(helper.ask(QUESTION), {"change": "second"}) == ({n: tuple(v) for n, v in OURS.items()},)


@pytest.mark.parametrize(("told", "counted"), [(-5, 0), (7, 7)])
def test_tokens_are_never_less_than_none(told: int, counted: int) -> None:
    usage = {"input_tokens": told, "output_tokens": told, "total_tokens": 2 * told}
    assert tokens(AIMessage("", usage_metadata=usage)) == (counted, counted)
    assert tokens(AIMessage("")) == (0, 0)


def test_the_command_line_shows_a_difference(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(Behaviour(script=reads({**OURS, "os": ["windows"]}))) as url:
        monkeypatch.setenv("OPENAI_API_KEY", "x")
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        assert main(["ask", "--model", "openai:fake", "--read-twice", "--price", "2,10", QUESTION]) == 1
        assert "fake, a model, reads the question otherwise: Operating system: Windows" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--read-twice"], "--read-twice and --price need a --model"),
        (["--model", "openai:x", "--price", "cheap"], "--price 'cheap': should be two numbers, for example 0.15,0.60"),
        (["--model", "openai:x", "--price", "1,2,3"], "--price '1,2,3': should be two numbers, for example 0.15,0.60"),
        (["--model", "openai:x", "--price=-1,2"], "--price '-1,2': should be two numbers, for example 0.15,0.60"),
        (
            ["--model", "openai:x", "--price", "nan,inf"],
            "--price 'nan,inf': should be two numbers, for example 0.15,0.60",
        ),
    ],
)
@pytest.mark.parametrize("verb", [["ask", QUESTION], ["serve"], ["mcp"]])
def test_a_mistaken_switch_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], verb: list[str], arguments: list[str], said: str
) -> None:
    assert main([*verb, *arguments]) == 2
    assert said in capsys.readouterr().err
