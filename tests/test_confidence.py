"""How far an answer can be trusted: a share that was counted, by the way in which the answer came about."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from assistant.confidence import Situation, Trust, situation
from assistant.engine import Assistant, shipped
from assistant.errors import PackError
from assistant.pack import load
from assistant.types import Reading, Scenario, Verdict

PACKS = Path(__file__).parent / "packs"


def test_a_share_is_drawn_to_that_of_all_the_fewer_were_asked() -> None:
    trust = Trust([Situation("often", 90, 90), Situation("seldom", 0, 10)])
    # all: 90 of 100; often: (90 + 9) / 100; seldom: (0 + 9) / 20
    assert (trust.of("often"), trust.of("seldom"), trust.of("never seen")) == (0.99, 0.45, 0.9)


def test_what_was_never_measured_has_no_confidence() -> None:
    assert Trust(()).of("rules of a question: depends") is None


@pytest.mark.parametrize(
    ("facts", "kind", "words"),
    [
        (0, "capability", "rules on 1 fact at most of a question: supported"),
        (1, "claim", "rules on 1 fact at most of a claim: supported"),
        (2, "capability", "rules on 2 facts of a question: supported"),
        (5, "claim", "rules on 3 facts or more of a claim: supported"),
    ],
)
def test_a_verdict_is_known_by_the_facts_it_rests_on(facts: int, kind: str, words: str) -> None:
    told = {str(n): ("x",) for n in range(facts)}
    reading = Reading(kind, "backup", (Scenario(told),))  # type: ignore[arg-type]  # one of two kinds
    assert situation("rules", "supported", reading, Verdict("backup", "supported", "supported", (), told)) == words


ASKED = [
    ("Can MARS back up our on-prem Ubuntu VM?", "rules on 3 facts or more of a question: not_supported"),
    ("Is Linux supported by MARS and by MABS?", "rules of a question: depends"),
    ("What is a Recovery Services vault?", "explanation of an open question: information"),
    ("Which tools back up physical Windows servers on-premises?", "list: information"),
    ("What is the capital of France?", "outside: out_of_scope"),
    ("What are the system requirements of MABS?", "known silence: not_stated"),
    ("Does MARS run on Solaris?", "unknown name: not_stated"),
    ("What is the difference between LRS and GRS?", "comparison: information"),
    ("LRS keeps three copies, right?", "stated fact of a claim: supported"),
    ("Which one is app-aware? A) MARS B) MABS", "choice: information"),
]


@pytest.mark.parametrize(("question", "words"), ASKED)
def test_an_answer_says_how_it_came_about_and_how_often_that_was_right(
    helper: Assistant, question: str, words: str
) -> None:
    answer = helper.ask(question)
    assert (answer.situation, answer.confidence) == (words, helper.pack.trust.of(words))
    assert answer.to_dict()["confidence"] == answer.confidence is not None


def test_facts_alone_and_packs_that_nobody_measured_have_none(helper: Assistant) -> None:
    decided = helper.decide("backup", helper.facts({"os": "linux", "tool": "mars"}))
    assert (decided.confidence, decided.situation) == (None, "rules on given facts")
    shop = load(PACKS / "bicycles")
    assert json.loads(json.dumps(shop.trust.of("rules on 2 facts of a question: supported"))) is None


def test_counts_that_cannot_be_are_refused(tmp_path: Path) -> None:
    shutil.copytree(PACKS / "bicycles", tmp_path / "bicycles")
    file = tmp_path / "bicycles" / "confidence.toml"
    file.write_text('[[situation]]\nid = "list: information"\nright = 3\nasked = 2\n', encoding="utf-8")
    with pytest.raises(
        PackError, match=r"confidence\.toml: situation list: information: right = 3 should lie between 0 and asked = 2"
    ):
        load(tmp_path / "bicycles")


def test_what_ships_was_counted_on_every_train_question() -> None:
    text = (shipped() / "confidence.toml").read_text(encoding="utf-8")
    train = shipped().parents[1] / "evals" / "questions" / "train"
    lines = sum(len(f.read_text(encoding="utf-8").splitlines()) for f in train.glob("*.jsonl"))
    assert sum(int(line.partition("= ")[2]) for line in text.splitlines() if line.startswith("asked")) == lines
