"""Another subject is another folder: a bicycle shop and a gardener's notes run on the same house, unchanged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from assistant import proof
from assistant.engine import Assistant
from assistant.errors import UnknownName
from assistant.pack import load
from assistant.types import Answer

PACKS = Path(__file__).parent / "packs"


@pytest.fixture(scope="session")
def own_home(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of this session's own, with the model that was exported before: the small packs are indexed here."""
    own = tmp_path_factory.mktemp("home")
    if (home / "models").is_dir():
        shutil.copytree(home / "models", own / "models", ignore=shutil.ignore_patterns(".*"))
    return own


@pytest.fixture(scope="session")
def shop(own_home: Path) -> Assistant:
    return Assistant.load(PACKS / "bicycles", home=own_home)


@pytest.fixture(scope="session")
def garden(own_home: Path) -> Assistant:
    return Assistant.load(PACKS / "garden", home=own_home)


def refuse_unproven(helper: Assistant, answer: Answer) -> None:
    """AssertionError unless every citation stands where it says, in the documents and in the answer."""
    for citation in answer.citations:
        document = helper.pack.document(helper.pack.section(citation.section_id).document)
        assert document.text[citation.start : citation.end] == citation.quote
        assert f"[{citation.marker}]" in answer.text
        assert 0 <= citation.answer_start < citation.answer_end <= len(answer.text)
        assert citation.url == helper.pack.section(citation.section_id).url


@pytest.mark.parametrize("name", ["bicycles", "garden"])
def test_a_small_pack_is_proven_and_has_no_gaps(name: str) -> None:
    pack = load(PACKS / name)
    assert (proof.faults(pack), proof.gaps(pack)) == ([], [])


# ---- the bicycle shop


@pytest.mark.parametrize(
    ("facts", "status", "rules"),
    [
        ({"renter": "adult", "bike": "cargo"}, "supported", ("B-1",)),
        ({"renter": "teenager", "bike": "cargo"}, "not_supported", ("B-3",)),
        ({"renter": "teenager", "bike": "electric"}, "conflict", ("B-7", "B-8")),
        ({"renter": "teenager"}, "supported", ("B-2",)),
        ({"renter": "child", "bike": "city"}, "depends", ("B-4", "B-5")),
        ({"renter": "child", "bike": "city", "helmet": "worn"}, "supported", ("B-4",)),
        ({"renter": "child", "bike": "racing"}, "not_supported", ("B-6",)),
    ],
)
def test_the_shop_decides(shop: Assistant, facts: dict[str, str], status: str, rules: tuple[str, ...]) -> None:
    verdict = shop.check("rent", **facts)
    assert (verdict.status, tuple(sorted(verdict.rules))) == (status, rules)


def test_what_is_missing_is_asked_for(shop: Assistant) -> None:
    verdict = shop.check("rent", renter="child", bike="city")
    assert (verdict.missing, verdict.ask) == (("helmet",), "helmet")
    assert [(b.facts, b.outcome, b.rules) for b in verdict.branches] == [
        ({"helmet": ("worn",)}, "supported", ("B-4",)),
        ({"helmet": ("none",)}, "not_supported", ("B-5",)),
    ]


def test_a_choice_that_is_open_lists_all_that_works(shop: Assistant) -> None:
    verdict = shop.check("rent", renter="teenager")
    assert [(o.facts, o.outcome) for o in verdict.options] == [({"bike": ("city", "racing")}, "supported")]


def test_a_refusal_says_what_would_help_easiest_first(shop: Assistant) -> None:
    verdict = shop.check("rent", renter="teenager", bike="cargo")
    assert verdict.changes == ({"bike": ("city",)}, {"bike": ("racing",)}, {"renter": ("adult",)})


def test_a_disclosed_conflict_is_told_with_its_resolution(shop: Assistant) -> None:
    assert shop.check("rent", renter="teenager", bike="electric").settled_by == ("Z-1",)


@pytest.mark.parametrize(
    ("bike", "deposit"), [("city", "small"), ("racing", "small"), ("electric", "large"), ("cargo", "large")]
)
def test_a_value_is_decided(shop: Assistant, bike: str, deposit: str) -> None:
    verdict = shop.check("deposit", bike=bike)
    assert (verdict.status, verdict.outcome) == ("information", deposit)


def test_a_value_that_goes_by_what_is_not_said_depends(shop: Assistant) -> None:
    verdict = shop.check("deposit")
    assert (verdict.status, verdict.missing) == ("depends", ("bike",))
    assert [(b.facts, b.outcome) for b in verdict.branches] == [
        ({"bike": ("city", "racing")}, "small"),
        ({"bike": ("electric", "cargo")}, "large"),
    ]


@pytest.mark.parametrize(
    ("question", "status", "cited"),
    [
        ("Can an adult rent a cargo bike?", "supported", {"rental#who-may-ride"}),
        ("Can a teenager rent a cargo bike?", "not_supported", {"rental#who-may-ride"}),
        ("Can a teenager rent an electric bike?", "conflict", {"rental#who-may-ride", "prices#electric-bikes"}),
        ("Can a child rent a city bike?", "depends", {"rental#who-may-ride"}),
        ("Can a child with a helmet rent a city bike?", "supported", {"rental#who-may-ride"}),
        ("Which bikes can a teenager rent?", "information", {"rental#who-may-ride", "prices#electric-bikes"}),
        ("What is the deposit for a pedelec?", "information", {"prices#deposits"}),
        ("When does the shop open?", "information", {"rental#opening-hours"}),
        ("How do I return the bicycle?", "information", {"rental#returning-a-bicycle"}),
        ("What is the capital of France?", "out_of_scope", set()),
    ],
)
def test_the_shop_answers(shop: Assistant, question: str, status: str, cited: set[str]) -> None:
    answer = shop.ask(question)
    refuse_unproven(shop, answer)
    assert (answer.status, {c.section_id for c in answer.citations}, answer.engine) == (
        status,
        cited,
        "rules+retrieval",
    )
    assert answer.pack == f"bicycles@{shop.pack.digest[:12]}"


def test_a_word_that_the_shop_never_speaks_of_gets_no_verdict(shop: Assistant) -> None:
    answer = shop.ask("Can an adult rent a tandem?")
    refuse_unproven(shop, answer)
    assert (answer.status, "tandem" in answer.text.lower()) == ("not_stated", True)


def test_a_follow_up_keeps_the_facts(shop: Assistant) -> None:
    first = shop.ask("Can a child rent a city bike?")
    assert first.ask is not None
    assert first.ask.dimension == "helmet"
    second = shop.ask("With a helmet.", after=first)
    third = shop.ask("And a teenager?", after=second)
    assert [a.status for a in (first, second, third)] == ["depends", "supported", "supported"]
    assert third.facts == {"renter": ("teenager",), "helmet": ("worn",), "bike": ("city",)}


def test_a_denied_helmet_is_none(shop: Assistant) -> None:
    assert shop.ask("Can a child who wears no helmet get a city bike?").status == "not_supported"


def test_an_answer_speaks_of_no_other_subject(shop: Assistant) -> None:
    questions = [
        "Can a teenager rent a cargo bike?",
        "Can a child rent a city bike?",
        "What is the capital of France?",
        "Can an adult rent a tandem?",
    ]
    said = " ".join(json.dumps(shop.ask(q).to_dict()) for q in questions).lower()
    assert [w for w in ("azure", "backup", "mars", "virtual", "linux") if w in said] == []


def test_the_words_of_the_shipped_pack_are_unknown_to_the_shop(shop: Assistant) -> None:
    with pytest.raises(UnknownName, match="unknown dimension 'os'; known: bike, deposit, helmet, renter"):
        shop.check(os="linux")


def test_the_same_question_gives_the_same_bytes(shop: Assistant, own_home: Path) -> None:
    other = Assistant.load(PACKS / "bicycles", home=own_home)
    for question in ("Can a child rent a city bike?", "When does the shop open?", "Which bikes can a teenager rent?"):
        assert (
            json.dumps(shop.ask(question).to_dict())
            == json.dumps(other.ask(question).to_dict())
            == json.dumps(shop.ask(question).to_dict())
        )


# ---- documents alone


@pytest.mark.parametrize(
    ("question", "section", "quote"),
    [
        (
            "When should I water tomatoes?",
            "watering#when",
            "Water tomatoes early in the morning, at the roots and never on the leaves.",
        ),
        (
            "How much water does a tomato plant take in summer?",
            "watering#how-much",
            "A tomato plant takes two litres a day in summer.",
        ),
        (
            "How often should I turn the compost heap?",
            "compost#turning",
            "Turn the heap every four weeks, so that air reaches the middle.",
        ),
    ],
)
def test_documents_alone_are_searched_and_explained(garden: Assistant, question: str, section: str, quote: str) -> None:
    answer = garden.ask(question)
    refuse_unproven(garden, answer)
    assert (answer.status, answer.engine) == ("information", "rules+retrieval")
    assert (section, quote) in [(c.section_id, c.quote) for c in answer.citations]


@pytest.mark.parametrize(
    "question", ["Does cooked food go into the compost?", "Can I put kitchen scraps on the compost?"]
)
def test_a_yes_or_no_question_to_documents_alone_is_answered_from_them(garden: Assistant, question: str) -> None:
    answer = garden.ask(question)
    refuse_unproven(garden, answer)
    assert (answer.status, "compost#what-goes-in" in [c.section_id for c in answer.citations]) == ("information", True)


def test_documents_alone_say_when_they_do_not_say(garden: Assistant) -> None:
    assert garden.ask("Who won the world cup in 1998?").status in {"not_stated", "out_of_scope"}


def test_documents_alone_are_searched(garden: Assistant) -> None:
    hits = garden.search("tomato leaves water", 2)
    assert [h.section.id for h in hits][:1] == ["watering#when"]
    assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)


def test_documents_alone_decide_nothing(garden: Assistant) -> None:
    with pytest.raises(UnknownName, match="'os'"):
        garden.check(os="linux")
