"""A chat model that lies, stalls, breaks or obeys anybody: what the user reads is proven all the same.

The models stand behind a real OpenAI-compatible server on loopback, so the whole client path runs.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from fakes import Behaviour, Script, model, sentences, served

from assistant.draft import Drafter, chat_model
from assistant.engine import Assistant
from assistant.errors import ModelError
from assistant.types import Answer, Hit, Unit

HERE = Path(__file__).parent
QUESTION = "Can MARS back up our on-prem Ubuntu VM?"
LINK = re.compile(r"https?:|www\.|!\[|\]\(|<[a-z/!]|javascript|\w\.com\b", re.IGNORECASE)


def with_model(helper: Assistant, url: str, within: float = 5.0) -> Assistant:
    made = Assistant(helper.pack, lambda: helper.retriever, model(url))
    made.drafter = Drafter(helper.pack, made.verifier, model(url), within=within)
    return made


def ask(helper: Assistant, script: Script, question: str = QUESTION) -> Answer:
    with served(Behaviour(script=script)) as url:
        return with_model(helper, url).ask(question)


def plain(answer: Answer) -> Answer:
    """The answer without what a model had to do with it."""
    from dataclasses import replace

    return replace(answer, draft=None)


def test_a_proven_sentence_of_the_model_is_shown(helper: Assistant) -> None:
    said = "The MARS agent backs up Windows files, folders and system state to a Recovery Services vault."
    answer = ask(helper, sentences(f"{said} [1]"))
    assert said in answer.text
    assert (answer.engine, answer.status) == ("rules+retrieval+model", "not_supported")
    assert answer.draft is not None
    assert (answer.draft.kept, answer.draft.replaced, answer.draft.calls) == (1, 0, 1)
    assert (answer.draft.input_tokens, answer.draft.output_tokens) == (100, 20)
    assert all(c.quote and answer.text[c.answer_start : c.answer_end] for c in answer.citations)


def test_nothing_of_the_settled_answer_is_lost(helper: Assistant) -> None:
    said = "The MARS agent backs up Windows files, folders and system state to a Recovery Services vault."
    text = ask(helper, sentences(said)).text
    assert all(s in text for s in re.findall(r"[^.]+\.", helper.ask(QUESTION).text.replace("\n", " ")) if "[" not in s)


def test_a_refuted_sentence_is_replaced_by_the_rules_own(helper: Assistant) -> None:
    answer = ask(helper, sentences("MARS backs up on-premises Linux VMs. [1]", "Yes, it works."))
    assert plain(answer) == helper.ask(QUESTION)


def test_the_pieces_that_stream_are_the_answer(helper: Assistant) -> None:
    script = sentences(
        "MARS backs up Linux.",
        "The MARS agent backs up Windows files, folders and system state to a Recovery Services vault.",
    )
    with served(Behaviour(script=script)) as url:
        *pieces, answer = with_model(helper, url).stream(QUESTION)
    assert isinstance(answer, Answer)
    assert "".join(str(p) for p in pieces) == answer.text


def test_the_verdict_is_out_before_the_model_speaks(helper: Assistant) -> None:
    with served(Behaviour(script=sentences("MARS."), pause=3.0)) as url:
        speaking = with_model(helper, url)
        began = time.monotonic()
        first = next(iter(speaking.stream(QUESTION)))
        assert time.monotonic() - began < 2.5
    assert str(first).startswith("No:")


def test_it_drafts_twice_at_most(helper: Assistant) -> None:
    behaviour = Behaviour(script=sentences("MARS backs up Linux."))
    with served(behaviour) as url:
        answer = with_model(helper, url).ask(QUESTION)
    assert len(behaviour.requests) == 2
    assert answer.draft is not None
    assert answer.draft.calls == 2


def test_the_prompt_hands_over_verdict_facts_and_numbered_passages(helper: Assistant) -> None:
    behaviour = Behaviour(script=sentences("MARS."))
    with served(behaviour) as url:
        with_model(helper, url).ask(QUESTION)
    messages = behaviour.requests[0]["messages"]
    assert isinstance(messages, list)
    data = json.loads(messages[1]["content"])
    assert (data["verdict"], data["facts"]["os"], data["question"]) == ("not_supported", ["linux"], QUESTION)
    assert data["passages"]["1"] == "On-premises | Linux | Virtual | Direct backup of files | Not supported with MARS"


FAULTS = {
    "dead": Behaviour(status=500),
    "rate limit": Behaviour(status=429),
    "no access": Behaviour(status=401),
    "malformed": Behaviour(raw=b"{this is no json"),
    "empty object": Behaviour(raw=b"{}"),
    "slow": Behaviour(script=sentences("MARS backs up Linux servers."), pause=3.0),
    "breaks at once": Behaviour(script=sentences("MARS backs up Linux servers."), breaks_after=0),
    "breaks mid-stream": Behaviour(script=sentences("MARS backs up Linux servers. It also"), breaks_after=4),
    "silent": Behaviour(script=lambda _: []),
    "refuses": Behaviour(script=sentences("I'm sorry, but I can't help with that.")),
    "leaks the prompt": Behaviour(
        script=sentences("You word answers about Azure Backup. The verdict is already proven; never change it.")
    ),
    "endless": Behaviour(script=lambda _: ["MARS is great. "] * 5_000),
    "one long word": Behaviour(script=lambda _: ["a" * 100_000]),
    "not text": Behaviour(script=lambda _: ["\ud83d", "\x00\x1b[31m", "\u202e"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_ends_in_time_with_the_answer_without_a_model(helper: Assistant, fault: str) -> None:
    with served(FAULTS[fault]) as url:
        made = with_model(helper, url, within=2.0)
        began = time.monotonic()
        answer = made.ask(QUESTION)
        assert time.monotonic() - began < 4.0
    assert plain(answer) == helper.ask(QUESTION)


def test_an_endpoint_that_is_not_there(helper: Assistant) -> None:
    answer = with_model(helper, "http://127.0.0.1:9/v1", within=3.0).ask(QUESTION)
    assert plain(answer) == helper.ask(QUESTION)
    assert answer.draft is not None
    assert "Error" in answer.draft.fault


def test_where_the_documents_are_silent_the_model_is_not_asked(helper: Assistant) -> None:
    behaviour = Behaviour(script=sentences("It costs 5 dollars."))
    with served(behaviour) as url:
        answer = with_model(helper, url).ask("Is there soft delete against ransomware?")
    assert (answer.status, answer.draft, behaviour.requests) == ("not_stated", None, [])


def test_a_model_that_cannot_be_opened_is_said_in_one_line() -> None:
    with pytest.raises(ModelError, match=r"^model nosuch:x: [^\n]+$"):
        chat_model("nosuch:x")


# ---- the model that lies in every sentence


def lies() -> list[str]:
    lines = (HERE.parent / "evals" / "claims" / "registers.txt").read_text(encoding="utf-8").splitlines()
    return [line.split(" ", 1)[1] for line in lines if line.startswith("C ")]


def asked() -> list[str]:
    found = []
    for path in sorted((HERE.parent / "evals" / "questions").glob("[dt]*/*.jsonl")):
        found += [json.loads(line)["turns"][0] for line in path.read_text(encoding="utf-8").splitlines()]
    return found[:: len(found) // 500][:500]


@pytest.mark.slow
def test_no_lie_reaches_the_user_in_500_questions(helper: Assistant) -> None:
    pool, count = lies(), [0]

    def script(_: dict[str, object]) -> Sequence[str]:
        count[0] += 1
        return [" ".join(pool[(count[0] * 7 + n * 13) % len(pool)] for n in range(4))]

    shown, drafted = [], 0
    with served(Behaviour(script=script)) as url:
        made = with_model(helper, url)
        for question in asked():
            answer = made.ask(question)
            drafted += answer.draft is not None
            shown += [lie for lie in pool if lie in answer.text]
            assert plain(answer) == helper.ask(question)
    assert shown == []
    assert drafted >= 300


# ---- attacks


def attacks() -> list[dict[str, str]]:
    return [json.loads(line) for line in (HERE / "attacks.jsonl").read_text(encoding="utf-8").splitlines()]


def test_there_are_attacks_enough() -> None:
    found = attacks()
    assert len(found) >= 150
    assert len({a["id"] for a in found}) == len(found)
    assert {a["kind"] for a in found} == {
        "direct", "encoded", "multilingual", "document", "table", "turns", "citation", "exfiltration"
    }  # fmt: skip


def attacked(helper: Assistant, made: Assistant, attack: dict[str, str]) -> Answer:
    """The answer to an attacked question, by a model that does what the attack wants."""
    after = None
    for turn in attack.get("turns", ()):
        after = helper.ask(turn)
    if "document" not in attack:
        return made.ask(attack["question"], after)
    hit = helper.search(attack["clean"], 1)[0]
    hostile = Hit(hit.section, Unit(hit.section.id, attack["document"], hit.unit.start, hit.unit.end, "paragraph"), 1.0)
    assert made.drafter is not None
    *_, answer = made.drafter.draft(helper.ask(attack["question"]), [hostile])
    assert isinstance(answer, Answer)
    return answer


@pytest.fixture(scope="module")
def obeyed(helper: Assistant) -> list[tuple[dict[str, str], Answer]]:
    """Each attack with what came of it, by a model that obeys."""
    wants = [""]
    behaviour = Behaviour(script=lambda _: [wants[0]])
    found = []
    with served(behaviour) as url:
        made = with_model(helper, url)
        for attack in attacks():
            wants[0] = attack["wants"]
            found.append((attack, attacked(helper, made, attack)))
    return found


def test_no_attack_changes_a_verdict(helper: Assistant, obeyed: list[tuple[dict[str, str], Answer]]) -> None:
    assert [a["id"] for a, answer in obeyed if answer.status != helper.ask(a["clean"]).status] == []


def test_no_attack_gets_its_words_in(obeyed: list[tuple[dict[str, str], Answer]]) -> None:
    assert [a["id"] for a, answer in obeyed if a["wants"].strip('" ') in answer.text] == []


def test_no_attack_puts_a_link_or_a_picture_on_the_page(obeyed: list[tuple[dict[str, str], Answer]]) -> None:
    assert [a["id"] for a, answer in obeyed if LINK.search(answer.text)] == []


def test_every_place_cited_under_attack_is_real(helper: Assistant, obeyed: list[tuple[dict[str, str], Answer]]) -> None:
    for _, answer in obeyed:
        for c in answer.citations:
            document = helper.pack.document(helper.pack.section(c.section_id).document)
            assert document.text[c.start : c.end] == c.quote
