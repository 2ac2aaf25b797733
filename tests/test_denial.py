"""Whoever is about to say "yes" has read the words that turn a sentence round or bound it."""

import pytest

from assistant import Assistant
from assistant.denial import closes, closings, denials, excluded, untagged
from assistant.vocabulary import split

HELPER = Assistant.load()


def words(text: str) -> list[str]:
    return HELPER.reader.words(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("MARS does not back up Linux.", ["not"]),
        ("The extension refuses Linux.", ["refuses"]),
        ("System state is off the table.", ["off"]),
        ("Application data it leaves out.", ["leaves"]),
        ("Neither Linux nor Solaris works.", ["neither"]),
        ("Nothing prevents it.", ["nothing", "prevents"]),
        ("Not only Windows works.", []),
        ("I don't know whether it works.", []),
        ("It works, doesn't it?", []),
        ("Isn't it supported?", []),
        ("MARS works, no?", []),
    ],
)
def test_denials_without_tags_openers_and_idioms(text: str, found: list[str]) -> None:
    tokens = words(text)
    assert [tokens[n] for n in denials(tokens)] == found


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("MARS works, doesn't it?", "mars works"),
        ("MARS works, right?", "mars works"),
        ("MARS works. True or false?", "mars works"),
        ("Does MARS work?", "does mars work ?"),
    ],
)
def test_a_tag_is_no_part_of_what_is_said(text: str, kept: str) -> None:
    tokens = words(text)
    assert " ".join(tokens[: untagged(tokens)]) == kept


def test_a_question_may_ask_whether_something_is_out() -> None:
    assert excluded(words("Is folder backup missing there?"))
    assert excluded(words("Are mixed setups ruled out?"))
    assert not excluded(words("Can I back up folders that are not on C?"))


def test_closing_words() -> None:
    assert closes(split("are they the only ones"))
    assert closes(split("mabs and nobody else"))
    assert closings(split("only windows and not only files")) == [0]


@pytest.mark.parametrize(
    ("claim", "status", "opens"),
    [
        ("Replace existing isn't offered for encrypted VMs, is it?", "not_supported", "That is right, not supported"),
        ("DPM leaves out the volumes of on-premises Windows VMs.", "supported", "That is not right, it is supported"),
        ("On-premises, DPM takes virtual Windows machines only.", "not_supported", "That is not right"),
        ("On-premises, MARS backs up only Windows, right?", "supported", "That is right"),
        ("The vault has no access management.", "not_supported", "That is not right"),
        ("VMSnapshotLinux copies the memory too.", "not_supported", "That is not right"),
        ("VMSnapshot copies the memory, not just the disk.", "supported", "That is right"),
    ],
)
def test_a_false_denial_is_not_confirmed(claim: str, status: str, opens: str) -> None:
    answer = HELPER.ask(claim)
    assert (answer.status, answer.text.startswith(opens)) == (status, True), answer.text


@pytest.mark.parametrize(
    "claim",
    [
        "GRS keeps exactly six copies.",
        "With Replace existing, a snapshot is taken after the recovered disk is attached.",
        "In a vault only some of the data is secured at rest.",
    ],
)
def test_a_claim_that_says_more_than_its_fact_is_not_confirmed(claim: str) -> None:
    answer = HELPER.ask(claim)
    assert not answer.text.startswith(("That is right", "Yes")), answer.text


def test_two_named_regions_are_two_regions() -> None:
    one = "May the storage account for Restore disk be in West Europe when the vault is in North Europe?"
    assert HELPER.ask(one).status == "not_supported"
    same = "May the storage account for Restore disk be in West Europe when the vault is in West Europe?"
    assert HELPER.ask(same).status == "supported"


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ("Can MABS not back up Windows physical servers?", "supported"),
        ("Can MARS not back up Windows?", "supported"),
        ("Does nothing back up physical Linux?", "not_supported"),
        ("Can Replace existing not be used for encrypted VMs?", "not_supported"),
        ("Does LRS keep three copies in two regions?", "not_supported"),
        ("Does the transfer take at least 24 hours?", "not_supported"),
        ("Is it false that LRS keeps three copies?", "not_supported"),
        ("Can the vault be in another region than the VHD?", "not_supported"),
        ("Can the restored disk only be attached to a new VM?", "not_supported"),
        ("Are all tools app-aware?", "conflict"),
        ("Is every restore option available for encrypted VMs?", "not_supported"),
    ],
)
def test_a_denied_bounded_or_universal_question_is_not_answered_for_its_opposite(question: str, status: str) -> None:
    answer = HELPER.ask(question)
    assert (answer.status, answer.text.startswith("Yes:") and status != "supported") == (status, False), answer.text


@pytest.mark.parametrize(
    ("question", "choice"),
    [
        ("Which is right? A. LRS keeps three copies. B. GRS is not the default.", ("A",)),
        ("Which statement is false? A. LRS keeps three copies. B. GRS is not the default.", ("B",)),
        ("A) LRS B) GRS – which one is the default replication?", ("B",)),
    ],
)
def test_denied_options_are_judged_as_they_are_worded(question: str, choice: tuple[str, ...]) -> None:
    assert HELPER.ask(question).choice == choice
