"""Words in, mentions out: synonyms, typos, negation and gaps, and what is refused to be read at all."""

from __future__ import annotations

import re
import time
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.engine import shipped
from assistant.errors import QuestionError
from assistant.negation import negated
from assistant.pack import Pack, load
from assistant.reading import Reader
from assistant.types import Facts, Reading
from assistant.vocabulary import LONGEST, Vocabulary, clean, split, texts

AZURE = load(shipped())
BICYCLES = load(Path(__file__).parent / "packs" / "bicycles")
WORDS = Vocabulary(AZURE)
READER = Reader(AZURE)
SHOP = Reader(BICYCLES)
ENGLISH = files("assistant").joinpath("english.txt").read_text(encoding="utf-8").split()


def read(question: str) -> Reading:
    return READER.read(question)


def facts(question: str, reader: Reader = READER) -> Facts:
    """What one machine is said to be."""
    (scenario,) = reader.read(question).scenarios
    return scenario.facts


def corpus(pack: Pack) -> list[str]:
    """Every word of the documents, once."""
    return sorted({w for d in pack.documents for w in split(d.text)})


# ---- typos


@pytest.mark.parametrize("pack", [AZURE, BICYCLES], ids=lambda p: str(p.name))
def test_no_word_of_the_documents_is_taken_for_another(pack: Pack) -> None:
    vocabulary = Vocabulary(pack)
    assert [(w, vocabulary.repair(w)) for w in corpus(pack) if vocabulary.repair(w) != w] == []


def test_no_english_word_is_taken_for_another() -> None:
    assert [(w, WORDS.repair(w)) for w in ENGLISH if WORDS.repair(w) != w] == []


def test_no_word_of_the_vocabulary_is_taken_for_another() -> None:
    own = {w for d in AZURE.dimensions.values() for v in d.values for phrase in v.words for w in split(phrase)}
    assert [(w, WORDS.repair(w)) for w in sorted(own) if WORDS.repair(w) != w] == []


@pytest.mark.parametrize(
    "word",
    ["decrypted", "unmanaged", "solaris", "recovered", "restorer", "undo", "mart", "cars", "bars", "lynx", "march", "marks",
     "winner", "window", "encoded", "described", "fill", "dolphin", "volume", "discs"],
)  # fmt: skip
def test_another_word_is_no_typo(word: str) -> None:
    assert WORDS.repair(word) == word


def test_decrypted_never_becomes_encrypted() -> None:
    assert facts("Can I back up a decrypted VM in Azure?").get("encryption") != ("encrypted",)


@pytest.mark.parametrize(
    ("typo", "word"),
    [
        ("bakcup", "backup"),
        ("widnows", "windows"),
        ("linxu", "linux"),
        ("ubunut", "ubuntu"),
        ("encrpyted", "encrypted"),
        ("encypted", "encrypted"),
        ("unencryted", "unencrypted"),
        ("phisical", "physical"),
        ("virtaul", "virtual"),
        ("sharepiont", "sharepoint"),
        ("snapshto", "snapshot"),
        ("redundncy", "redundancy"),
        ("waht", "what"),
        ("teh", "the"),
        ("gsr", "grs"),
        ("dsks", "disks"),
    ],
)
def test_a_typo_is_repaired(typo: str, word: str) -> None:
    (found,) = WORDS.words(typo)
    assert (found.text, found.written) == (word, typo)


def edits(word: str) -> list[str]:
    """Every word one letter away."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    cuts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    found = {a + b[1:] for a, b in cuts if b} | {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    found |= {a + c + b[1:] for a, b in cuts if b for c in letters} | {a + c + b for a, b in cuts for c in letters}
    return sorted(found)


@pytest.mark.parametrize(
    ("word", "opposite"),
    [("unencrypted", "encrypted"), ("unmanaged", "managed"), ("encrypted", "unencrypted"), ("managed", "unmanaged")],
)
def test_a_typo_never_turns_a_word_into_its_opposite(word: str, opposite: str) -> None:
    assert [e for e in edits(word) if WORDS.repair(e) == opposite and e != opposite] == []


def test_short_words_and_numbers_are_left_alone() -> None:
    short = ["a", "vm", "mrs", "wn", "az", "2019", "r2", "ws2016x", "ab12cd"]
    assert [WORDS.repair(w) for w in short] == short


@given(st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12))
def test_a_repaired_word_is_one_that_we_know_and_stays(word: str) -> None:
    repaired = WORDS.repair(word)
    assert WORDS.repair(repaired) == repaired
    assert repaired == word or abs(len(repaired) - len(word)) <= 2


# ---- tokens and their places


@given(st.text(max_size=60).filter(lambda t: t.strip() != ""))
def test_every_word_stands_where_it_says(text: str) -> None:
    try:
        cleaned = clean(text)
    except QuestionError:
        return
    last = 0
    for word in WORDS.words(cleaned):
        assert last <= word.start < word.end <= len(cleaned)
        assert cleaned[word.start : word.end].lower() == (word.written or word.text)
        last = word.end


@pytest.mark.parametrize("before", ["İ", "İİİ ", "ß", "ﬁ", "𝔘 ", "😀", "é", "e\u0301 ", "½ ", "\u200b", "Ⅷ "])
def test_characters_that_change_their_length_move_nothing(before: str) -> None:
    cleaned = clean(f"{before} Windows")
    (word,) = [w for w in WORDS.words(cleaned) if w.text == "windows"]
    assert cleaned[word.start : word.end] == "Windows"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Back-up", ["back", "up"]),
        ("pre/post scripts", ["pre", "post", "scripts"]),
        ("The vault's region", ["the", "vault", "region"]),
        ("it's", ["it's"]),
        ("cannot", ["can't"]),
        ("doesnt", ["doesn't"]),
        ("don’t", ["don't"]),
        ("ＭＡＲＳ", ["mars"]),
        ("Li\u200bnux", ["linux"]),
        ("Yes, but no.", ["yes", ",", "but", "no", "."]),
        ("???", ["?", "?", "?"]),
        ("日本", []),
    ],
)
def test_words_of(text: str, expected: list[str]) -> None:
    assert texts(WORDS.words(clean(text))) == expected


# ---- what cannot be read


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("", "the question is empty"),
        (" \n\t ", "the question is empty"),
        ("\u200b\ufeff\u00ad", "the question is empty"),
        ("a" * 100_000, "the question has 100,000 characters"),
        ("a" * (LONGEST + 1), f"ask in at most {LONGEST:,}"),
        ("abc\x07", "control character U+0007 at position 3"),
        ("\x00abc", "control character U+0000 at position 0"),
        ("a\x1b[31m", "control character U+001B at position 1"),
        ("ab\x7f", "control character U+007F at position 2"),
        ("abc \ud800", "a lone surrogate at position 4"),
        ("\udfff", "a lone surrogate at position 0"),
    ],
    ids=lambda x: repr(x)[:30],
)
def test_what_cannot_be_read_is_refused(question: str, says: str) -> None:
    with pytest.raises(QuestionError, match=re.escape(says)) as raised:
        clean(question)
    assert "\n" not in str(raised.value)
    str(raised.value).encode("utf-8")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("a\tb\r\nc", "a\tb\r\nc"),
        ("a" * LONGEST, "a" * LONGEST),
        ("ﬁle", "file"),
        ("Can’t ‘it’", "Can't 'it'"),
        ("a\u202eb", "ab"),
        ("Li\u2066nu\u2069x", "Linux"),
        ("😀", "😀"),
    ],
    ids=lambda x: repr(x)[:30],
)
def test_what_can_be_read_is_cleaned(question: str, expected: str) -> None:
    assert clean(question) == expected


def test_a_cleaned_question_stays_bounded() -> None:
    assert len(clean("ﷺ" * LONGEST)) <= 2 * LONGEST


@given(st.text(max_size=200))
def test_any_text_is_cleaned_or_refused(text: str) -> None:
    try:
        cleaned = clean(text)
    except QuestionError:
        return
    assert clean(cleaned) == cleaned


GRAINS = [
    "vm", "not", "no", "isn't", "windows", "linux,", "or", "and", "encrypted", ".", "?", "mars", "to", "azure", "without", "(", "a)", "b)", "1.",
    "the", "other", "what", "which", "can", "is", "vs", "right?", "\n", "…", "日本",
]  # fmt: skip


@given(st.lists(st.sampled_from(GRAINS), max_size=30))
def test_any_question_is_read(words: list[str]) -> None:
    try:
        reading = read(" ".join(words))
    except QuestionError:
        return
    assert len(reading.scenarios) >= 1


@pytest.mark.parametrize(
    "text",
    ["not " * 2_500, "windows " * 1_250, "a) " * 3_000, "windows or linux, " * 500, "((" * 5_000, "x" * 10_000, "replace " * 1_250, "? " * 5_000,
     "vm a windows and vm b linux " * 350, "qzxvw " * 1_600],
    ids=lambda t: str(t)[:12],
)  # fmt: skip
def test_the_longest_question_is_read_within_two_seconds(text: str) -> None:
    start = time.perf_counter()
    read(text[:LONGEST])
    assert time.perf_counter() - start < 2.0


# ---- negation

NEGATION: list[tuple[str, dict[str, tuple[str, ...] | None]]] = [
    ("Can a VM that is not encrypted be restored with Replace existing?", {"encryption": ("unencrypted",)}),
    ("Can I restore a VM that isn't encrypted?", {"encryption": ("unencrypted",)}),
    ("Can I restore a VM without encryption?", {"encryption": ("unencrypted",)}),
    ("Can I restore a non-encrypted VM?", {"encryption": ("unencrypted",)}),
    ("Can I restore an unencrypted VM?", {"encryption": ("unencrypted",)}),
    ("Can I restore an encrypted VM?", {"encryption": ("encrypted",)}),
    ("Can I back up Windows but not Linux with MARS?", {"os": ("windows",), "tool": ("mars",)}),
    ("Can MARS back up Windows, not Linux?", {"os": ("windows",)}),
    ("I use Linux instead of Windows. Can MARS back it up?", {"os": ("linux",)}),
    ("Can MARS back up a server that is neither Windows nor Linux?", {"tool": ("mars",)}),
    ("Does MARS send a backup to Azure?", {"location": None, "tool": ("mars",)}),
    ("Can I back up an on-premises server to Azure with MARS?", {"location": ("on_premises",)}),
    ("Can I move backups into Azure with MABS?", {"location": None}),
    ("Which tool works for on-premises Linux, not MARS?", {"os": ("linux",), "location": ("on_premises",)}),
    ("Can I back up files of a VM that is not in Azure?", {"location": ("on_premises",)}),
    ("Is it not possible to back up Linux with MARS?", {"os": ("linux",), "tool": ("mars",)}),
    ("Is MARS not able to back up Linux?", {"os": ("linux",), "tool": ("mars",)}),
    ("Can MARS back up not only Windows files?", {"os": ("windows",)}),
    ("Isn't Linux supported by MARS?", {"os": ("linux",), "tool": ("mars",)}),
    ("MARS isn't working on the Windows server. Can it back up files?", {"os": ("windows",), "tool": ("mars",)}),
    (
        "VSS isn't working on one Windows VM. Is a snapshot still made?",
        {"os": ("windows",), "environment": ("virtual",), "capture_hook": ("failed",)},
    ),
    ("Replace existing for a VM that the owner won't let me switch off?", {"power": ("running",)}),
    ("Nobody may turn it off. Replace existing for my VM?", {"power": ("running",)}),
    ("We are not allowed to shut it down. Replace existing?", {"power": ("running",)}),
    ("Stopping it is out of the question. Replace existing?", {"power": ("running",)}),
    ("Replace existing. Can't I stop it first?", {"power": ("stopped",)}),
    ("Replace existing. Won't it help to shut it down?", {"power": ("stopped",)}),
    (
        "Does DPM send its data to a vault when MARS isn't on the DPM server?",
        {"tool": ("dpm",), "mars_on_server": ("no",)},
    ),
]


@pytest.mark.parametrize(("question", "expected"), NEGATION, ids=[q for q, _ in NEGATION])
def test_a_negation_denies_what_it_speaks_of(question: str, expected: dict[str, tuple[str, ...] | None]) -> None:
    found = facts(question)
    assert {n: found.get(n) for n in expected} == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            "Can a child without a helmet rent a city bike?",
            {"renter": ("child",), "helmet": ("none",), "bike": ("city",)},
        ),
        (
            "Can a child with no helmet ride a racing bike?",
            {"renter": ("child",), "helmet": ("none",), "bike": ("racing",)},
        ),
        (
            "Can a child with a helmet rent a bike, but not a cargo bike?",
            {"renter": ("child",), "helmet": ("worn",), "bike": ("city", "racing", "electric")},
        ),
        (
            "Can a teenager rent neither a cargo bike nor an e-bike?",
            {"renter": ("teenager",), "bike": ("city", "racing")},
        ),
        ("Does an adult not need a helmet on a city bike?", {"renter": ("adult",), "bike": ("city",)}),
    ],
)
def test_a_negation_reaches_no_further_than_what_is_joined_to_it(
    question: str, expected: dict[str, tuple[str, ...]]
) -> None:
    found = facts(question, SHOP)
    assert {n: found.get(n) for n in expected} == expected


def test_negated_names_the_denied_mentions_only() -> None:
    words = SHOP.vocabulary.words("a child without a helmet on a city bike")
    found = SHOP.vocabulary.find(words)
    denied, _ = negated(words, found)
    assert [(f.phrase, n in denied) for n, f in enumerate(found) if f.entry.kind == "value"] == [
        ("child", False),
        ("helmet", True),
        ("city bike", False),
    ]


# ---- words that we know only to be unknown


@pytest.mark.parametrize(
    ("question", "word", "dimension"),
    [
        ("Can I back up a Solaris server with MABS?", "solaris", "os"),
        ("Is FreeBSD supported by the VM extension?", "freebsd", "os"),
        ("Can MARS back up files in AWS?", "aws", "location"),
    ],
)
def test_a_word_that_the_documents_never_speak_of_is_unheard(question: str, word: str, dimension: str) -> None:
    reading = read(question)
    assert (reading.unheard, [s.facts.get(dimension) for s in reading.scenarios]) == ((word,), [None])


def test_a_restore_rule_is_not_asked_in_a_backup_question() -> None:
    assert read("Can I back up an encrypted VM in Azure?").decision != "restore"


@pytest.mark.parametrize("question", ["Does MARS need a backup server?", "Do I need a backup server for MARS?"])
def test_a_question_of_need_gets_no_yes_or_no(question: str) -> None:
    assert read(question).kind not in {"capability", "which", "value"}


# ---- phrases


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Is an Azure Debian VM supported?", {"location": ("azure",), "environment": ("virtual",), "os": ("linux",)}),
        ("Can I protect the entire VM?", {"level": ("entire_vm",), "environment": ("virtual",)}),
        (
            "Is a Hyper-V guest with Ubuntu supported?",
            {"location": ("on_premises",), "environment": ("virtual",), "os": ("linux",)},
        ),
        ("Does the back-up of a bare-metal server work?", {"environment": ("physical",)}),
        ("SQL Server on a VM: which tool?", {"workload": ("sql_server",)}),
        ("Can I use DPM or MABS?", {"tool": ("mabs", "dpm")}),
        ("Does it work WITH MARS?", {"tool": ("mars",)}),
    ],
)
def test_phrases_mean(question: str, expected: dict[str, tuple[str, ...]]) -> None:
    found = facts(question)
    assert {n: found.get(n) for n in expected} == expected


def test_a_longer_phrase_hides_the_shorter_one_inside_it() -> None:
    assert facts("Is extension plus MARS supported?")["tool"] == ("vm_extension_and_mars",)


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("replace disk", True),
        ("replace the disk", True),
        ("replace the broken disk", True),
        ("replace, disk", True),
        ("replace it. the disk", False),
        ("replace it; the disk", False),
        ("disk replace", False),
        ("replace " + "the " * 20 + "disk", False),
    ],
)
def test_a_gap_holds_a_few_words_of_the_same_sentence(text: str, there: bool) -> None:
    assert WORDS.has(texts(WORDS.words(text)), (("replace",), ("disk",))) == there


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [("Back-up", ["back", "up"]), ("pre/post", ["pre", "post"]), ("", []), ("–", []), ("A, b.", ["a", "b"])],
)
def test_split(phrase: str, expected: list[str]) -> None:
    assert split(phrase) == expected


def test_the_same_question_is_read_the_same_twice() -> None:
    question = "Can MABS protect a physical Linux server on-premises?"
    assert Reader(AZURE).read(question) == read(question) == read(question)
