"""Each scorer against figures worked out by hand; what a target does not say is not scored."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from assistant.errors import SuiteError, TargetError
from assistant.evals import scorers
from assistant.evals.detail import _faults as faults
from assistant.evals.reply import SILENT, Cited, Reply, parsed
from assistant.evals.scorers import METRICS, score
from assistant.evals.suite import Case, load_suites

MARS = "The MARS agent backs up Windows files, folders and system state to a Recovery Services vault."
ROW = "On-premises | Linux | Virtual | Direct backup of files | Not supported with MARS"
ONLY = "App-aware backups are supported by MABS and DPM only."
MATRIX, AGENT, TYPES = (
    "features#support-matrix",
    "back-up#microsoft-azure-recovery-services-agent",
    "features#azure-backup-types",
)


def case(folder: Path, expect: str, what: str = "ask: Can it?") -> Case:
    """The last case of a suite that expects this."""
    file = folder / "one.yaml"
    file.write_text(
        f"suite: one\nversion: 1\ncorpus: azure-backup\ncases:\n- id: a\n  {what}\n  expect: {expect}\n",
        encoding="utf-8",
    )
    return load_suites([file])[0].conversations[-1].cases[-1]


def some(scores: Mapping[str, float], *names: str) -> dict[str, float | None]:
    return {name: scores.get(name) for name in names}


@pytest.mark.parametrize(
    ("expect", "said", "expected"),
    [
        ("not_supported", "not_supported", {"verdict": 1, "dangerous_yes": 0, "contradiction": 0, "truthfulness": 1, "abstain_recall": None, "over_abstention": 0}),
        ("not_supported", "supported", {"verdict": 0, "dangerous_yes": 1, "contradiction": 1, "truthfulness": -1, "abstain_recall": None, "over_abstention": 0}),
        ("not_supported", "depends", {"verdict": 0, "dangerous_yes": 0, "contradiction": 0, "truthfulness": -1, "abstain_recall": None, "over_abstention": 0}),
        ("not_supported", "not_stated", {"verdict": 0, "dangerous_yes": 0, "contradiction": 0, "truthfulness": 0, "abstain_recall": None, "over_abstention": 1}),
        ("supported", "not_supported", {"verdict": 0, "dangerous_yes": None, "contradiction": 1, "truthfulness": -1, "abstain_recall": None, "over_abstention": 0}),
        ("[supported, not_supported]", "supported", {"verdict": 1, "dangerous_yes": None, "contradiction": None, "truthfulness": 1, "abstain_recall": None, "over_abstention": 0}),
        ("[not_stated, out_of_scope]", "out_of_scope", {"verdict": 1, "dangerous_yes": None, "contradiction": None, "truthfulness": 1, "abstain_recall": 1, "over_abstention": None}),
        ("not_stated", "information", {"verdict": 0, "dangerous_yes": None, "contradiction": None, "truthfulness": -1, "abstain_recall": 0, "over_abstention": None}),
        ("[not_supported, not_stated]", "not_stated", {"verdict": 1, "dangerous_yes": 0, "contradiction": None, "truthfulness": 1, "abstain_recall": None, "over_abstention": None}),
    ],
)  # fmt: skip
def test_the_status(tmp_path: Path, expect: str, said: str, expected: dict[str, float | None]) -> None:
    found = score(case(tmp_path, f"{{status: {expect}}}"), parsed({"status": said}, ""))
    assert some(found, *expected) == expected


@pytest.mark.parametrize(
    ("expect", "reply", "expected"),
    [
        ("{status: depends, asks: [encryption]}", {"status": "depends", "missing": ["encryption"], "ask": {"dimension": "encryption"}}, {"ask_recall": 1, "ask_precision": 1, "ask_slots": 1, "needless_ask": 0}),
        ("{status: depends, asks: [encryption, os]}", {"status": "depends", "missing": ["encryption", "location"], "ask": {"dimension": "location"}}, {"ask_recall": 1, "ask_precision": 1, "ask_slots": 0.5, "needless_ask": 1}),
        ("{status: depends, asks: power_at_restore}", {"status": "depends", "missing": ["power"], "ask": {"dimension": "power_at_restore"}}, {"ask_recall": 1, "ask_precision": 1, "ask_slots": 1, "needless_ask": 0}),
        ("{status: supported}", {"status": "depends", "missing": [], "ask": {"dimension": "os"}}, {"ask_recall": None, "ask_precision": 0, "ask_slots": None, "needless_ask": 1}),
        ("{status: supported}", {"status": "supported"}, {"ask_recall": None, "ask_precision": None, "ask_slots": None, "needless_ask": None}),
        ("{status: supported}", {"status": "supported", "ask": None}, {"ask_recall": None, "ask_precision": None, "ask_slots": None, "needless_ask": 0}),
    ],
)  # fmt: skip
def test_asking_back(tmp_path: Path, expect: str, reply: dict[str, object], expected: dict[str, float | None]) -> None:
    assert some(score(case(tmp_path, expect), parsed(reply, "")), *expected) == expected


def test_facts_are_dimension_and_values_together(tmp_path: Path) -> None:
    one = case(tmp_path, "{facts: {os: linux, location: on_premises, power_at_backup: running}}")
    reply = Reply(
        facts={
            "os": ("linux",),
            "location": ("azure",),
            "power": ("running",),
            "tool": ("mars",),
            "consistency": ("crash",),
        }
    )
    names = ("facts_precision", "facts_recall", "facts_f1", "facts_all")
    assert [score(one, reply)[n] for n in names] == pytest.approx([2 / 4, 2 / 3, 4 / 7, 0.0])
    right = Reply(facts={"power": ("running",), "os": ("linux",), "location": ("on_premises",)})
    assert [score(one, right)[n] for n in names] == [1.0] * 4


def test_places_by_section_and_by_quote(tmp_path: Path) -> None:
    one = case(tmp_path, f"{{cite: [{{any: ['{ROW}', '{ONLY}']}}, {{any: ['{MARS}']}}], allow: ['{ONLY}']}}")
    elsewhere = Cited(
        section_id=MATRIX,
        quote="On-premises | Windows | Virtual | Files, folders, volumes, system state, app data | DPM or MABS: app-aware",
    )
    reply = Reply(
        citations=(
            elsewhere,
            Cited(section_id=AGENT, quote="backs up Windows files, folders"),
            Cited(section_id="restore#restore", quote="nowhere"),
        )
    )
    names = ("cite_recall", "quote_recall", "quote_verbatim")
    assert some(score(one, reply), *names) == {
        "cite_recall": 1.0,
        "quote_recall": 0.5,
        "quote_verbatim": pytest.approx(2 / 3),
    }
    assert score(one, Reply(citations=(Cited(section_id=TYPES, quote=ONLY),)))["quote_recall"] == 0.5
    assert some(score(one, Reply(citations=())), *names, "cite_precision") == {
        "cite_recall": 0,
        "quote_recall": 0,
        "quote_verbatim": None,
        "cite_precision": 0,
    }


def test_precision_counts_sections_that_are_neither_required_nor_allowed(tmp_path: Path) -> None:
    one = case(tmp_path, f"{{cite: [{{any: ['{ROW}']}}], allow: ['{ONLY}']}}")
    cited = tuple(Cited(section_id=s, quote=q) for s, q in ((MATRIX, ROW), (TYPES, ONLY), (AGENT, MARS), (MATRIX, ROW)))
    assert score(one, Reply(citations=cited))["cite_precision"] == pytest.approx(2 / 3)


def test_offsets_bind_to_the_letter(tmp_path: Path) -> None:
    one = case(tmp_path, f"{{cite: [{{any: ['{ONLY}']}}]}}")
    text = one.corpus.pack.document("features").text
    start = text.index(ONLY)
    right = Cited(section_id=TYPES, quote=ONLY, start=start, end=start + len(ONLY))
    off = Cited(section_id=TYPES, quote=ONLY, start=start + 1, end=start + 1 + len(ONLY))
    assert [score(one, Reply(citations=(c,)))["quote_verbatim"] for c in (right, off)] == [1.0, 0.0]


def test_a_passage_without_a_section_is_found_by_its_words(tmp_path: Path) -> None:
    one = case(tmp_path, f"{{cite: [{{any: ['{ONLY}']}}]}}")
    reply = parsed({"citations": [{"quote": ONLY}], "hits": [{"text": "no such words"}, {"text": ONLY}]}, "")
    assert some(score(one, reply), "quote_recall", "quote_verbatim", "mrr@10", "success@1", "success@5", "recall@5") == {
        "quote_recall": 1.0, "quote_verbatim": 1.0, "mrr@10": 0.5, "success@1": 0.0, "success@5": 1.0, "recall@5": 1.0,
    }  # fmt: skip


def test_words_expected_and_forbidden(tmp_path: Path) -> None:
    one = case(
        tmp_path,
        "{status: supported, nuggets: [{any: [MABS, 're:backup\\s+server']}, {any: ['DPM']}, {any: [free], vital: false}], forbid: ['re:\\bmars\\b']}",
    )
    names = ("nuggets_vital", "nuggets_all", "nuggets_weighted", "forbidden", "right")
    reply = parsed({"status": "supported", "text": "The Backup  Server does it, for **free**."}, "")
    assert [score(one, reply)[n] for n in names] == pytest.approx([0.5, 2 / 3, 1.5 / 2.5, 0.0, 0.0])
    assert score(one, parsed({"status": "supported", "text": "mabs or dpm"}, ""))["right"] == 1.0
    assert score(one, parsed({"status": "supported", "text": "mabs or dpm, not Mars"}, ""))["right"] == 0.0


def test_vital_words_may_stand_in_the_quotes(tmp_path: Path) -> None:
    one = case(tmp_path, "{nuggets: [{any: [system state]}, {any: [moon]}]}")
    assert score(one, Reply(citations=(Cited(section_id=AGENT, quote=MARS),)))["quote_support"] == 0.5


TEXT = "MARS is app-aware. GRS is the default. MABS flies."
CLAIMS = (
    "{claims: [{sentence: MARS is app-aware., standing: contradicted, cite: [{any: ['" + MARS + "']}]}, "
    "{sentence: GRS is the default., standing: proven}, {sentence: MABS flies., standing: [not_covered, contradicted]}]}"
)


def claimed(*standings: str, cited: str = MARS) -> Reply:
    """A judgement for each sentence of TEXT."""
    sentences = [f"{s}." for s in TEXT.rstrip(".").split(". ")]
    found = zip(sentences, standings, strict=False)
    return parsed({"claims": [{"sentence": s, "standing": x, "citations": [{"quote": cited}]} for s, x in found]}, "")


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (claimed("contradicted", "proven", "not_covered"), {"standing": 1.0, "killed": 1.0, "false_alarm": 0.0, "claim_cited": 1.0}),
        (claimed("proven", "disputed", "contradicted", cited=ONLY), {"standing": pytest.approx(1 / 3), "killed": 0.0, "false_alarm": 1.0, "claim_cited": 0.0}),
        (claimed(), {"standing": pytest.approx(1 / 3), "killed": 0.0, "false_alarm": 0.0, "claim_cited": 0.0}),
        (parsed({"claims": [{"sentence": TEXT, "standing": "contradicted"}]}, ""), {"standing": pytest.approx(2 / 3), "killed": 1.0, "false_alarm": 1.0, "claim_cited": 0.0}),
        (Reply(), {"standing": None, "killed": None, "false_alarm": None, "claim_cited": None}),
    ],
)  # fmt: skip
def test_claims_of_a_text(tmp_path: Path, reply: Reply, expected: dict[str, object]) -> None:
    assert some(score(case(tmp_path, CLAIMS, f"text: {TEXT}"), reply), *expected) == expected


@pytest.mark.parametrize(
    ("wanted", "said", "expected"),
    [
        ("contradicted", ["proven", "contradicted"], {"standing": 1, "killed": 1, "false_alarm": None}),
        ("contradicted", ["proven", "disputed"], {"standing": 0, "killed": 1, "false_alarm": None}),
        ("contradicted", ["proven", "not_covered"], {"standing": 0, "killed": 0, "false_alarm": None}),
        ("[proven, not_covered]", ["proven", "contradicted"], {"standing": 0, "killed": None, "false_alarm": 1}),
        ("not_covered", [], {"standing": 1, "killed": None, "false_alarm": 0}),
    ],
)
def test_a_text_as_a_whole_stands_as_its_gravest_claim(
    tmp_path: Path, wanted: str, said: list[str], expected: dict[str, float | None]
) -> None:
    reply = parsed({"claims": [{"standing": s} for s in said]}, "")
    assert some(score(case(tmp_path, f"{{standing: {wanted}}}", f"text: {TEXT}"), reply), *expected) == expected


def test_an_error_scores_worst_in_all_that_a_silent_answer_is_scored_in(tmp_path: Path) -> None:
    one = case(
        tmp_path,
        f"{{status: not_supported, facts: {{os: linux}}, cite: [{{any: ['{ROW}']}}], nuggets: [{{any: [MABS]}}], forbid: [yes]}}",
    )
    worst = score(one, Reply(error="TypeError: no"))
    assert set(worst) == set(score(one, SILENT))
    assert {m: v for m, v in worst.items() if v != (1.0 if METRICS[m].better == "low" else 0.0)} == {}


def test_what_a_target_does_not_say_is_not_scored(tmp_path: Path) -> None:
    one = case(
        tmp_path,
        f"{{status: not_supported, facts: {{os: linux}}, cite: [{{any: ['{ROW}']}}], nuggets: [{{any: [MABS]}}], forbid: [yes]}}",
    )
    assert (score(one, Reply()), set(score(one, Reply(text="MABS")))) == (
        {},
        {"forbidden", "nuggets_vital", "nuggets_all", "nuggets_weighted"},
    )


def test_a_fault_is_told_in_words(tmp_path: Path) -> None:
    one = case(
        tmp_path,
        f"{{status: not_supported, facts: {{os: linux}}, cite: [{{any: ['{ONLY}']}}], nuggets: [{{any: [MABS, DPM]}}], forbid: [yes]}}",
    )
    assert list(faults(one, parsed({"status": "supported", "text": "Yes.", "facts": {}, "citations": []}, ""))) == [
        "said supported, expected not_supported", "says what it must not: yes", "does not say MABS / DPM", f"does not cite “{ONLY}”",
        "fact os: expected linux, understood nothing",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [None, [], {}, {"detail": "Not Found"}, {"status": 3}, {"text": None, "citations": [{}]}, {"facts": {"os": 3}}],
)
def test_garbage_is_no_answer(data: object) -> None:
    with pytest.raises(TargetError, match="here: "):
        parsed(data, "here")


def broken(one: Case, _: Reply) -> dict[str, float]:
    raise KeyError(one.suite)


def test_a_scorer_of_a_team_is_asked_like_ours_and_named_when_it_fails(tmp_path: Path) -> None:
    one = case(tmp_path, "{status: supported}")
    assert scorers.applied(
        {"length": lambda _, reply: {"letters": len(reply.text or "")}}, one, Reply(text="four")
    ) == {"letters": 4.0}
    with pytest.raises(SuiteError, match="scorer broken: case one/a: KeyError: 'one'"):
        scorers.applied({"broken": broken}, one, SILENT)
