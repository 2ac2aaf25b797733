"""Following what is published: only what is well formed and built, and between two questions."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assistant import index
from assistant.channels.generations import Generations
from assistant.channels.metrics import Metrics
from assistant.channels.service import Carried, Service, Talk
from assistant.channels.settings import Settings
from assistant.channels.state import State
from assistant.channels.transcript import ask, renewed
from assistant.engine import Assistant
from assistant.pack import load
from assistant.types import Answer

PACK = Path(__file__).with_name("packs") / "bicycles"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACK, tmp_path / "pack"))


@pytest.fixture
def own(tmp_path: Path, home: Path, helper: Assistant) -> Path:
    """A home of our own with the exported model, so that a build takes a second."""
    helper.search("anything")  # exports the model when there is none
    shutil.copytree(home / "models", tmp_path / "home" / "models")
    return tmp_path / "home"


def edit(pack: Path, words: str) -> None:
    head = pack / "pack.toml"
    text = head.read_text(encoding="utf-8")
    line = next(one for one in text.splitlines() if one.startswith("edition_words"))
    head.write_text(text.replace(line, f'edition_words = "{words}"'), encoding="utf-8")


def test_a_generation_is_followed_when_it_is_published_and_not_before(pack: Path, own: Path) -> None:
    made = Generations(pack, own)
    made.open()
    first = made.current
    assert (made.ready, made.follow()) == (True, False)
    edit(pack, "next year")
    assert (made.follow(), made.current) == (False, first)
    index.build(load(pack), own)
    assert (made.follow(), made.current.pack.edition_words) == (True, "next year")
    assert made.follow() is False


def test_a_pack_that_is_not_well_formed_is_not_followed(pack: Path, own: Path) -> None:
    made = Generations(pack, own)
    made.open()
    first = made.current
    (pack / "pack.toml").write_text("name = ")
    assert (made.follow(), made.current) == (False, first)


def test_an_older_generation_is_followed_when_the_pack_goes_back(pack: Path, own: Path) -> None:
    before = (pack / "pack.toml").read_text()
    made = Generations(pack, own)
    made.open()
    first = made.current.pack.digest
    edit(pack, "next year")
    index.build(load(pack), own)
    assert made.follow()
    (pack / "pack.toml").write_text(before)
    assert (made.follow(), made.current.pack.digest) == (True, first)


async def test_a_conversation_goes_on_in_the_new_generation(pack: Path, own: Path, tmp_path: Path) -> None:
    made = Generations(pack, own)
    made.open()
    state = State(f"sqlite:///{tmp_path / 'state.db'}")
    service = Service(made, state, Settings(state="unused"), Metrics())
    starts = [rule.fires[0] for rule in made.current.pack.rules]
    first = await service.ask(starts[0], Talk("a", "c"), "test")
    edit(pack, "next year")
    index.build(load(pack), own)
    assert made.follow()
    second = await service.ask(starts[1], Talk("a", "c"), "test")
    helper = Assistant.load(pack, home=own)
    assert (first.pack != second.pack, second.id) == (True, helper.ask(starts[1], after=helper.ask(starts[0])).id)
    service.close()


def test_the_chat_page_answers_its_turns_again_in_the_new_generation(helper: Assistant, pack: Path, own: Path) -> None:
    made = Generations(pack, own)
    made.open()
    turns = (ask(made.current, made.current.pack.rules[0].fires[0], ()),)
    assert renewed(made.current, turns) is turns
    again = renewed(helper, turns)
    assert [t.question for t in again] == [t.question for t in turns]
    assert [t.answer.pack for t in again if t.answer] == [f"{helper.pack.name}@{helper.pack.digest[:12]}"]


def test_the_oldest_of_many_answers_is_forgotten() -> None:
    carried = Carried()
    for number in range(600):
        carried.put("p", (str(number),), Answer(id=str(number), question="", status="information", text=""))
    kept = [n for n in range(600) if carried.get("p", (str(n),))]
    assert kept == list(range(600 - 512, 600))
    assert carried.get("other", ("599",)) is None
