"""Query in, ranked hits out: the right section first, the same way every time, and words alone when vectors fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assistant import index
from assistant.errors import IndexFault, ModelError
from assistant.retrieve import Retriever

if TYPE_CHECKING:
    from pathlib import Path

    from assistant.pack import Pack


@pytest.fixture(scope="module")
def retriever(azure: Pack, home: Path) -> Retriever:
    return Retriever(azure, index.ensure(azure, home))


class Failing(index.Index):
    """An index whose vector leg fails."""

    def __init__(self, error: Exception) -> None:
        self.error, self.calls = error, 0

    def lexical(self, query: str, limit: int) -> list[tuple[int, float]]:
        return [(3, 2.0), (1, 1.0)][:limit] if query else []

    def vectors(self, query: str, limit: int) -> list[tuple[int, float]]:  # noqa: ARG002  # the leg's signature
        self.calls += 1
        raise self.error


PLAIN = [
    ("Is there a limit on how long backups can be kept?", "features#no-limit-retention-times"),
    ("In which place does my backup data end up?", "features#azure-backup-features-and-scenarios"),
    ("How does Azure Backup differ from Site Recovery?", "features#azure-backup-versus-azure-site-recovery"),
    ("What is recorded by an application-consistent snapshot?", "back-up#application-consistent"),
    ("Bring back single files and folders from a backup", "restore#recover-files-from-a-backup"),
    ("Which encryption is used for backups of on-premises machines?", "features#data-security"),
    ("Put a restored disk in place of an existing one", "restore#replace-existing"),
    ("Do I pay extra for storage devices of my own?", "features#automatic-storage-management"),
    (
        "How long may the transfer of a snapshot to the vault take?",
        "back-up#backup-process-for-an-azure-virtual-machine",
    ),
    ("What becomes of an encrypted virtual machine on restore?", "restore#restore-an-encrypted-virtual-machine"),
]


@pytest.mark.parametrize(("question", "section"), PLAIN)
def test_the_right_section_comes_first(retriever: Retriever, question: str, section: str) -> None:
    assert retriever.search(question, 1)[0].section.id == section


@pytest.mark.parametrize("query", ["", "   ", "\n\t"])
def test_an_empty_query_finds_nothing(retriever: Retriever, query: str) -> None:
    assert retriever.search(query) == []


@pytest.mark.parametrize("k", [0, -1])
def test_no_hits_are_given_when_none_are_wanted(retriever: Retriever, k: int) -> None:
    assert retriever.search("restore a disk", k) == []


def test_a_k_beyond_the_corpus_gives_each_unit_once(retriever: Retriever) -> None:
    hits = retriever.search("back up a virtual machine", 100_000)
    places = [(h.section.id, h.unit.start) for h in hits]
    assert len(places) == len(set(places)) <= len(index.units_of(retriever.pack))


@pytest.mark.parametrize(
    "query", ["restore", "Which tool backs up Linux?", "snapshot vault", "?", "zzz qqq", 'NOT AND OR ( " ^ ~ *']
)
def test_hits_are_sorted_by_score_then_place(retriever: Retriever, query: str) -> None:
    place = {(u.section_id, u.start): n for n, u in enumerate(index.units_of(retriever.pack))}
    hits = retriever.search(query, 50)
    order = [(-h.score, place[h.section.id, h.unit.start]) for h in hits]
    assert order == sorted(order)


def test_scores_lie_between_nought_and_one(retriever: Retriever) -> None:
    hits = retriever.search("How do I restore single files?", 50)
    assert hits
    assert all(0.0 <= h.score <= 1.0 and -1.0 <= h.similarity <= 1.0 for h in hits)


def test_fewer_hits_are_the_first_of_more(retriever: Retriever) -> None:
    assert retriever.search("restore a disk", 3) == retriever.search("restore a disk", 30)[:3]


def test_a_hit_names_the_words_by_which_it_was_found(retriever: Retriever) -> None:
    keys = {(k.unit, k.text) for k in index.keys_of(retriever.pack)}
    units = index.units_of(retriever.pack)
    for hit in retriever.search("Where are the backups kept?", 20):
        assert (units.index(hit.unit), hit.key) in keys


@pytest.mark.parametrize(
    "query", ["lone \ud800 surrogate", "nul \x00 byte", "𝔣𝔲𝔩𝔩 ｗｉｄｔｈ", "a" * 5000, "é\u0301" * 300]
)
def test_odd_text_is_searched_without_an_error(retriever: Retriever, query: str) -> None:
    assert len(retriever.search(query, 3)) <= 3


@pytest.mark.parametrize("error", [IndexFault("the copy is gone"), ModelError("a vector that is not finite")])
def test_words_go_on_when_vectors_fail(azure: Pack, error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    broken = Failing(error)
    searching = Retriever(azure, broken)
    assert not searching.degraded
    first = searching.search("anything")
    assert [h.unit for h in first] == [index.units_of(azure)[index.keys_of(azure)[k].unit] for k in (3, 1)]
    assert searching.degraded
    assert searching.search("anything") == first
    assert broken.calls == 1
    assert caplog.messages == [f"searching words only: {error}"]


def test_without_an_index_words_are_searched_in_memory(azure: Pack) -> None:
    words = Retriever(azure, None)
    assert words.degraded
    assert words.search("no limit on retention times", 1)[0].section.id == "features#no-limit-retention-times"


def test_words_in_memory_and_on_disk_agree(azure: Pack, home: Path) -> None:
    on_disk, in_memory = index.ensure(azure, home).lexical, index.in_memory(azure)
    for query in ("restore a disk", "linux", "how long are backups kept", "!!!"):
        assert on_disk(query, 40) == in_memory(query, 40)


def test_a_question_that_a_rule_answers_leads_to_the_rule_s_place(retriever: Retriever, azure: Pack) -> None:
    """400 questions of facts and none of rules made places of rules all but unfindable: BM25 alone was better."""
    missed = [
        (rule.id, question)
        for rule in azure.rules
        for question in rule.fires
        if rule.place.source not in {h.section.id for h in retriever.search(question, 3)}
    ]
    assert missed == []


def test_known_facts_help_by_their_words_and_leave_similarities_alone(retriever: Retriever) -> None:
    question = "Bare-metal Debian on site, System Center, documents: possible?"
    asked = retriever.search(question, 100)
    told = retriever.search(question, 100, "on-premises physical Linux files and folders DPM")
    assert [hits[0].section.id for hits in (asked, told)] == ["summary#summary", "features#support-matrix"]
    cosines = {h.unit: h.similarity for h in asked}
    assert [h for h in told if h.similarity and h.similarity != cosines[h.unit]] == []
