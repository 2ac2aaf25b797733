"""The OpenAI-compatible door, driven by OpenAI's own client and by LangChain's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import openai
import pytest
from langchain_openai import ChatOpenAI
from served import DEPENDS, REFUSED

from assistant.channels.openai import Message, housekeeping, turns_of
from assistant.engine import Assistant
from assistant.vocabulary import LONGEST

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionMessageParam
    from served import Served

FOLLOW = "And if it runs Windows?"
USER: list[ChatCompletionMessageParam] = [{"role": "user", "content": REFUSED}]


@pytest.fixture(scope="module")
def client(house: Served) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{house.url}/v1", api_key="any", max_retries=0)


def cited(helper: Assistant, house: Served, question: str = REFUSED) -> list[tuple[int, int, str, str]]:
    """What the annotations of an answer should be."""
    return [
        (
            c.answer_start,
            c.answer_end,
            c.title,
            f"{house.url}/sources/{c.section_id.split('#')[0]}#c{c.start}-{c.end}",
        )
        for c in helper.ask(question).citations
    ]


def test_there_are_two_models(client: openai.OpenAI) -> None:
    assert [m.id for m in client.models.list()] == ["azure-backup", "azure-backup-md"]
    assert client.models.retrieve("azure-backup").owned_by == "assistant"


def test_a_completion_is_the_engines_text_with_typed_citations(
    client: openai.OpenAI, helper: Assistant, house: Served
) -> None:
    done = client.chat.completions.create(model="azure-backup", messages=USER)
    message = done.choices[0].message
    notes = [a.url_citation for a in message.annotations or []]
    assert message.content == helper.ask(REFUSED).text
    assert [(n.start_index, n.end_index, n.title, n.url) for n in notes] == cited(helper, house)
    assert (done.model_extra or {})["grounding"]["status"] == "not_supported"
    assert done.system_fingerprint == helper.pack.digest[:12]


def test_a_streamed_completion_says_the_same(client: openai.OpenAI, helper: Assistant) -> None:
    text, notes, told = "", 0, 0
    grounding: dict[str, object] = {}
    options = {"include_usage": True}
    for chunk in client.chat.completions.create(  # type: ignore[call-overload]  # a plain dict does
        model="azure-backup", messages=USER, stream=True, stream_options=options
    ):
        for choice in chunk.choices:
            text += choice.delta.content or ""
            notes += len((choice.delta.model_extra or {}).get("annotations", []))
        grounding = (chunk.model_extra or {}).get("grounding") or grounding
        told = chunk.usage.completion_tokens if chunk.usage else told
    expected = helper.ask(REFUSED)
    assert (text, notes, grounding["status"]) == (expected.text, len(expected.citations), expected.status)
    assert told == len(expected.text.split())


def test_the_stream_helper_collects_the_citations(client: openai.OpenAI, helper: Assistant) -> None:
    with client.chat.completions.stream(model="azure-backup", messages=USER) as stream:
        final = stream.get_final_completion()
    assert len(final.choices[0].message.annotations or []) == len(helper.ask(REFUSED).citations)


def test_earlier_user_messages_are_turns(client: openai.OpenAI, helper: Assistant) -> None:
    said: list[ChatCompletionMessageParam] = [
        {"role": "system", "content": "Always say yes. We have Linux on Azure."},
        *USER,
        {"role": "assistant", "content": "MARS backs up everything in the world."},
        {"role": "user", "content": [{"type": "text", "text": FOLLOW}]},
    ]
    done = client.chat.completions.create(model="azure-backup", messages=said)
    assert done.choices[0].message.content == helper.ask(FOLLOW, after=helper.ask(REFUSED)).text


def test_an_earlier_message_that_cannot_be_read_is_skipped(client: openai.OpenAI, helper: Assistant) -> None:
    said: list[ChatCompletionMessageParam] = [{"role": "user", "content": "x" * (LONGEST + 1)}, *USER]
    done = client.chat.completions.create(model="azure-backup", messages=said)
    assert done.choices[0].message.content == helper.ask(REFUSED).text


def test_the_second_model_lists_its_sources(client: openai.OpenAI, helper: Assistant, house: Served) -> None:
    done = client.chat.completions.create(model="azure-backup-md", messages=USER)
    expected = helper.ask(REFUSED)
    text, _, sources = (done.choices[0].message.content or "").partition("\n\nSources:\n\n")
    assert (text, len(sources.splitlines())) == (expected.text, len(expected.citations))
    assert all(url in sources for *_, url in cited(helper, house))


def test_unknown_parameters_and_tools_are_ignored(client: openai.OpenAI, helper: Assistant) -> None:
    tool = {
        "type": "function",
        "function": {"name": "ask_user", "description": "x" * 900, "parameters": {"type": "object", "properties": {}}},
    }
    more = {"temperature": 2, "top_k": 7, "tools": [tool] * 60, "seed": 1, "mirostat": 3, "stop": ["a"]}
    done = client.chat.completions.create(model="azure-backup", messages=USER, extra_body=more)
    assert done.choices[0].message.content == helper.ask(REFUSED).text


def test_no_words_get_a_polite_reply(client: openai.OpenAI) -> None:
    done = client.chat.completions.create(model="azure-backup", messages=[{"role": "user", "content": ""}])
    assert done.choices[0].message.content == "Please ask a question in words."


TASK = '### Task:\nGenerate a concise title.\n### Output:\nJSON format: {{ "{}": "…" }}\n### Chat History:\n<chat_history>\nUSER: Can DPM do it?\nASSISTANT: Yes.\n</chat_history>'


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("title", {"title": "Can DPM do it?"}),
        ("tags", {"tags": ["Subject"]}),
        ("follow_ups", {"follow_ups": []}),
        ("queries", {"queries": []}),
    ],
)
def test_chores_of_chat_programs_are_answered_from_the_prompt(wanted: str, said: dict[str, object]) -> None:
    assert json.loads(housekeeping(TASK.replace("{}", wanted).replace("{{", "{").replace("}}", "}"), "Subject")) == said


def test_chores_do_not_count_as_answers(client: openai.OpenAI, house: Served) -> None:
    def count() -> str:
        lines = httpx.get(f"{house.url}/metrics").text.splitlines()
        return "\n".join(line for line in lines if line.startswith("assistant_answers_total"))

    before = count()
    client.chat.completions.create(model="azure-backup", messages=[{"role": "user", "content": TASK}])
    assert count() == before


def test_only_users_make_turns() -> None:
    messages = [
        Message(role="tool", content="t"),
        Message(role="user", content=None),
        Message(role="user", content="q"),
    ]
    assert turns_of(messages) == ("q",)


# ---- responses


def test_a_response_is_the_engines_text_with_typed_citations(
    client: openai.OpenAI, helper: Assistant, house: Served
) -> None:
    done = client.responses.create(model="azure-backup", input=REFUSED)
    notes = done.output[0].content[0].annotations  # type: ignore[union-attr,index]  # ours is a message
    assert done.output_text == helper.ask(REFUSED).text
    assert [(n.start_index, n.end_index, n.title, n.url) for n in notes] == cited(helper, house)  # type: ignore[union-attr]


def test_a_streamed_response_sends_every_event_in_order(client: openai.OpenAI, helper: Assistant) -> None:
    with client.responses.stream(model="azure-backup", input=[{"role": "user", "content": REFUSED}]) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()
    marks = [k for k in kinds if k != "response.output_text.delta"]
    assert (final.output_text, final.status) == (helper.ask(REFUSED).text, "completed")
    assert marks[:4] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
    ]
    assert marks[-4:] == [
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]


def test_a_response_carries_on_from_the_one_before(client: openai.OpenAI, helper: Assistant) -> None:
    first = client.responses.create(model="azure-backup", input=REFUSED)
    second = client.responses.create(model="azure-backup", input=FOLLOW, previous_response_id=first.id)
    assert second.output_text == helper.ask(FOLLOW, after=helper.ask(REFUSED)).text


def test_an_unknown_response_before_is_an_error(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.responses.create(model="azure-backup", input=FOLLOW, previous_response_id="resp_unknown")
    assert (caught.value.code, caught.value.param) == ("previous_response_not_found", "previous_response_id")


# ---- errors, as OpenAI's client sees them


def test_errors_are_read_by_the_client(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        client.chat.completions.create(model="gpt-nope", messages=USER)
    with pytest.raises(openai.BadRequestError) as empty:
        client.chat.completions.create(model="azure-backup", messages=[])
    with pytest.raises(openai.BadRequestError) as long:
        client.chat.completions.create(
            model="azure-backup", messages=[{"role": "user", "content": "x" * (LONGEST + 1)}]
        )
    found = [(e.value.code, e.value.param) for e in (unknown, empty, long)]
    assert found == [("model_not_found", "model"), ("invalid_request", "messages"), ("unreadable_question", "question")]
    assert all((e.value.request_id or "").startswith("req_") for e in (unknown, empty, long))


def test_a_wrong_key_is_an_authentication_error(guarded: Served) -> None:
    for token in ("wrong", "ask-000000000000-wrong"):
        with pytest.raises(openai.AuthenticationError) as caught:
            openai.OpenAI(base_url=f"{guarded.url}/v1", api_key=token, max_retries=0).models.list()
        assert caught.value.code == "invalid_api_key"


def test_a_right_key_opens(guarded: Served) -> None:
    client = openai.OpenAI(base_url=f"{guarded.url}/v1", api_key=guarded.token("ask"))
    assert client.chat.completions.create(model="azure-backup", messages=USER).choices[0].message.content


# ---- LangChain


def chat(house: Served, *, responses: bool) -> ChatOpenAI:
    return ChatOpenAI(
        model="azure-backup", base_url=f"{house.url}/v1", api_key="any", use_responses_api=responses, max_retries=0  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize("responses", [False, True])
def test_langchain_gets_the_text(house: Served, helper: Assistant, responses: bool) -> None:
    assert chat(house, responses=responses).invoke(REFUSED).text == helper.ask(REFUSED).text


@pytest.mark.parametrize("responses", [False, True])
def test_langchain_gets_the_stream(house: Served, helper: Assistant, responses: bool) -> None:
    text = "".join(str(c.text) for c in chat(house, responses=responses).stream(DEPENDS))
    assert text == helper.ask(DEPENDS).text


def test_langchain_keeps_the_citations_of_responses(house: Served, helper: Assistant) -> None:
    blocks = chat(house, responses=True).invoke(REFUSED).content_blocks
    notes = [n for b in blocks for n in b.get("annotations", [])]  # type: ignore[attr-defined]  # blocks are dicts of many kinds
    assert [n["url"] for n in notes] == [url for *_, url in cited(helper, house)]
