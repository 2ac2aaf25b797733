"""Claims about stated facts are decided by their own words, never by likeness."""

import pytest

from assistant.engine import shipped
from assistant.pack import load
from assistant.reading import Reader
from assistant.statements import Statements

PACK = load(shipped())
READER = Reader(PACK)
STATEMENTS = Statements(PACK, READER.vocabulary)


def judged(claim: str) -> tuple[str, bool | None] | None:
    words = READER.words(claim)
    stated = STATEMENTS.judge(words, words, set())
    return (stated.fact.id, stated.holds) if stated else None


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("Backup traffic is unlimited.", ("W-04", True)),
        ("Backup traffic is capped.", ("W-04", False)),
        ("Backup traffic is not limited.", ("W-04", True)),
        ("The disks are backed up in parallel.", ("B-03", True)),
        ("The disks are backed up one after another.", ("B-03", False)),
        ("LRS keeps three copies.", ("W-10", True)),
        ("LRS keeps 6 copies.", ("W-10", False)),
        ("A differential is based on the previous differential.", ("Q-04", False)),
        ("A differential holds what changed since the last full backup.", ("Q-04", True)),
        ("Storage in Azure is billed as a flat fee.", ("W-02b", False)),
        ("Storage in Azure is billed pay-as-you-go.", ("W-02b", True)),
        ("Each later backup copies the full machine again.", ("B-04", False)),
        ("Retention ends at ten years.", ("W-08", False)),
        ("The vault is for Azure machines, nothing hybrid.", ("T-01", False)),
        ("The sky is blue.", None),
    ],
)
def test_a_claim_and_its_contradiction_are_told_apart(claim: str, verdict: tuple[str, bool | None] | None) -> None:
    assert judged(claim) == verdict


def test_a_claim_that_names_both_sides_is_not_decided() -> None:
    assert judged("Are the disks backed up in parallel or one after another?") == ("B-03", None)
