"""Plans that people paste to have them checked: every item gets its verdict, and its proof."""

from __future__ import annotations

import pytest

from assistant.engine import Assistant
from assistant.items import items_of

PLAN = """Please review my backup concept:
1) On-premises VMs run on Hyper-V, MABS backs them up app-aware.
2) The MARS agent sits on the MABS server.
3) The vault is LRS so that we survive a region loss.
4) On-prem Ubuntu VMs: MARS direct.
Any objections?"""


@pytest.mark.parametrize(
    ("text", "items", "rest"),
    [
        ("Check this plan: 1. MARS on Ubuntu. 2. DPM on Windows.", ["1", "2"], "Check this plan:"),
        ("Our plan: (1) MARS on Ubuntu (2) DPM on Windows. What's wrong with it?", ["1", "2"], "Our plan: What's wrong with it?"),
        ("Is this plan ok?\n- Ubuntu: MARS\n- Windows: DPM", ["1", "2"], "Is this plan ok?"),
        ("Is my design ok? - Ubuntu: MARS - Windows: DPM", ["1", "2"], "Is my design ok?"),
        ("Part of our plan, please check line 2 only:\n1) buy it\n2) DPM on Windows\nLine 2 true?", ["2"], "Part of our plan, please check line 2 only: Line 2 true?"),
        ("Which plan is right? 1) MARS on Ubuntu 2) DPM on Windows", [], None),
        ("Put my list in the right order: 1) copy 2) snapshot", [], None),
        ("VM 1) Windows 2) Linux", [], None),
        ("Is MARS ok for Linux?", [], None),
    ],
)  # fmt: skip
def test_the_items_of_a_plan(text: str, items: list[str], rest: str | None) -> None:
    found, other = items_of(text)
    assert ([label for label, _ in found], other) == (items, text if rest is None else rest)


def test_every_item_has_its_verdict_and_its_proof(helper: Assistant) -> None:
    answer = helper.ask(PLAN)
    assert [(p.label, p.status) for p in answer.parts] == [
        ("1", "supported"),
        ("2", "supported"),
        ("3", "not_supported"),
        ("4", "not_supported"),
    ]
    assert (answer.status, answer.situation) == ("not_supported", "plan: not_supported")
    assert answer.text.startswith(
        "Proven right: 2 of 4. Refuted: 2.\n\n1. Right: MABS and DPM make app-aware backups. [1]\n"
    )
    assert (
        "3. Not right: LRS holds no copy in another region: its three copies are within one region. Use GRS. [3]"
        in answer.text
    )
    assert [c.title for c in answer.citations] == [
        "Azure Backup types",
        "Processes",
        "Highly available storage",
        "Support matrix",
    ]


def test_what_one_step_says_holds_for_all_steps_of_a_procedure(helper: Assistant) -> None:
    steps = "1. leave the VM running 2. press Replace existing"
    assert [p.status for p in helper.ask(f"Check my steps: {steps}").parts] == ["not_stated", "not_supported"]
    assert [p.status for p in helper.ask(f"Check my plan: {steps}").parts] == ["not_stated", "depends"]


def test_a_plan_that_is_too_long_for_one_page_still_names_every_item(helper: Assistant) -> None:
    facts = ["MARS for files of on-prem Windows servers", "DPM for volumes of on-prem Linux VMs", "VM extension for entire Azure VMs",
             "GRS by default", "MARS on the MABS server", "Replace existing for encrypted VMs", "LRS keeps three copies",
             "Restore disk for more memory", "MARS for on-prem Ubuntu VMs"]  # fmt: skip
    plan = "Check this plan:\n" + "\n".join(f"{n}) {f}" for n, f in enumerate(facts, 1))
    answer = helper.ask(plan)
    assert [p.label for p in answer.parts] == [str(n) for n in range(1, 10)]
    assert all(f"\n{n}. " in answer.text for n in range(1, 10))
    assert "no room for the proof here" in answer.text
    assert len(answer.citations) <= 6


def test_what_is_wrong_in_a_quote_is_told_sentence_by_sentence(helper: Assistant) -> None:
    answer = helper.ask(
        'Our consultant wrote: "DPM protects physical Linux. LRS keeps three copies in one region. GRS is the default." '
        "Which of it is wrong?"
    )
    assert [(p.label, p.status) for p in answer.parts] == [
        ("1", "not_supported"),
        ("2", "supported"),
        ("3", "supported"),
    ]
