"""A message with several questions: how it is cut, read and answered."""

import pytest

from assistant import Assistant
from assistant.several import questions_of


@pytest.mark.parametrize(
    ("message", "told", "asked"),
    [
        ("Can MARS do it? And what about DPM?", "", ["Can MARS do it?", "And what about DPM?"]),
        ("1. Can MARS do BMR? 2. Can MABS?", "", ["Can MARS do BMR?", "Can MABS?"]),
        (
            "We have Windows servers. Can DPM take volumes? Can MARS?",
            "We have Windows servers.",
            ["Can DPM take volumes?", "Can MARS?"],
        ),
        (
            "Is Replace existing possible here, and how long does the transfer take?",
            "",
            ["Is Replace existing possible here", "how long does the transfer take?"],
        ),
        ("Two things. First, is GRS the default? Second, is it dear?", "Two things.", ["is GRS the default?", "is it dear?"]),
        ("MARS takes volumes. Is that right?", "", []),
        ("Can MARS do it? My boss says no. Is he right?", "", []),
        ("Which tools are app-aware, and which are not?", "", []),
        ("Which tool? MARS or MABS?", "", []),
        ("Which component do I put on the machine, and does it upload straight to the vault?", "", []),
        ("Is the backup of folders with extension and MARS app-aware, although MARS is not?", "", []),
        ("Is there corruption after I recover it, and what must the apps do?", "", []),
        ("What if it is encrypted? Can I use Replace existing then?", "", []),
        ("Which one protects Exchange? A) MARS B) MABS C) DPM", "", []),
    ],
)  # fmt: skip
def test_a_message_is_cut_into_the_questions_it_asks(message: str, told: str, asked: list[str]) -> None:
    assert questions_of(message) == (told, asked)


def test_each_question_is_answered_by_itself(helper: Assistant) -> None:
    answer = helper.ask("We have physical Windows servers. Can DPM take volumes? Can MARS? Is GRS the default?")
    assert answer.status == "information"
    assert [(p.label, p.status) for p in answer.parts] == [
        ("We have physical Windows servers. Can DPM take volumes?", "supported"),
        ("Can MARS?", "not_supported"),
        ("We have physical Windows servers. Is GRS the default?", "supported"),
    ]
    assert [line[:5] for line in answer.text.split("\n\n")[:3]] == ["1) Ye", "2) No", "3) Ye"]
    assert all(p.text in answer.text for p in answer.parts)


def test_questions_that_agree_give_their_status(helper: Assistant) -> None:
    assert helper.ask("Can MARS write to tape? And DPM?").status == "not_stated"
    assert helper.ask("Is GRS the default? Is it recommended?").status == "supported"


def test_a_follow_up_goes_on_from_the_last_question(helper: Assistant) -> None:
    first = helper.ask("Is GRS the default? Can DPM take files of our on-premises Linux VMs?")
    assert helper.ask("And of physical ones?", after=first).status == "not_supported"
    facts = first.reading.last.scenarios[0].facts if first.reading else {}
    assert helper.suppose(first, {**facts, "tool": ("mars",)}).status == "not_supported"


def test_what_is_understood_is_told_once_and_every_question_is_spoken_of(helper: Assistant) -> None:
    answer = helper.ask(
        "We have physical Windows servers and an encrypted VM in Azure. Can DPM take volumes of the servers? Can MARS? "
        "How do I get one file back from the VM? Is GRS the default?"
    )
    assert [p.label for p in answer.parts if p.text == f"{answer.parts.index(p) + 1})"] == []
    assert answer.text.count("Understood:") == 1
    assert answer.text.endswith("State of the documents: November 2019.")
    assert len(answer.text) <= 1500
