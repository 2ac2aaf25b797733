"""Any text, claim by claim: what is proven, contradicted, disputed or not covered, and what never passes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.engine import Assistant
from assistant.errors import QuestionError
from assistant.evals.mutations import Mutations
from assistant.types import Verification

CLAIMS = Path(__file__).parent.parent / "evals" / "claims"
REGISTERS = CLAIMS / "registers.txt"


def standings(helper: Assistant, text: str) -> list[str]:
    return [c.standing for c in helper.verify(text).claims]


@pytest.mark.parametrize(
    ("text", "standing"),
    [
        ("MARS can back up on-premises Windows files.", "proven"),
        ("MARS can back up on-premises Windows volumes.", "contradicted"),
        ("MARS backs up the volumes of Linux VMs in Azure.", "disputed"),
        ("DPM can back up the volumes of a FreeBSD server.", "not_covered"),
        # for every way the unsaid could be
        ("DPM backs up on-premises Linux machines.", "not_covered"),
        ("DPM backs up all on-premises Linux machines.", "contradicted"),
        ("DPM backs up on-premises Linux VMs.", "proven"),
        # only, unless, except, never
        ("MARS works on physical Windows machines only.", "contradicted"),
        ("Only DPM backs up volumes of on-premises Windows VMs.", "contradicted"),
        ("A Linux VM can never be application consistent.", "contradicted"),
        ("Managed VMs can use Replace existing, except for encrypted ones.", "proven"),
        ("Managed VMs can use Replace existing, except for unencrypted ones.", "contradicted"),
        # figures, durations, bounds
        ("LRS keeps three copies in one region.", "proven"),
        ("LRS keeps 3 copies in one region.", "proven"),
        ("LRS keeps four copies in one region.", "contradicted"),
        ("The transfer of a snapshot to the vault takes up to 24 hours.", "proven"),
        ("The transfer of a snapshot to the vault takes exactly 24 hours.", "contradicted"),
        ("The transfer of a snapshot to the vault takes at least 24 hours.", "contradicted"),
        # defaults and names
        ("GRS is the default.", "proven"),
        ("LRS is the default.", "contradicted"),
        ("Linux machines in Azure get the VMSnapshot extension.", "contradicted"),
        # denials
        ("It is not true that MARS is unable to back up Windows folders.", "proven"),
        ("The service needs no maintenance, upgrades or patching.", "proven"),
        ("LRS, not GRS, is the default.", "contradicted"),
        # a word that no reading accounts for
        ("LRS keeps three encrypted copies in one region.", "not_covered"),
        ("MARS can back up on-premises Windows files over satellite.", "not_covered"),
        ("MARS can back up on-premises Windows files 但不支持.", "not_covered"),
        ("MARS can back up 17 on-premises Windows files.", "not_covered"),
        ("МARS can back up on-premises Windows files.", "not_covered"),
        # a contrast ends where its purpose begins, and says the opposite of what it names
        ("For failover of a whole site use Site Recovery rather than Azure Backup.", "proven"),
        ("To bring back a deleted file, use Site Recovery rather than Azure Backup.", "contradicted"),
        # two denials, and one phrase that denies once
        ("There's no data in the vault that isn't secured at rest.", "proven"),
        ("Linux guests in our server room are out of scope for DPM.", "contradicted"),
        # what stands behind "unless" is not claimed
        ("Unless you choose LRS, GRS applies.", "proven"),
        ("Unless you pick GRS, you get LRS.", "contradicted"),
        # "no" that only answers
        ("My view: no, the vault offers no monitoring.", "contradicted"),
        # a question claims nothing
        ("Can MARS back up on-premises Linux files?", "not_covered"),
        # a denial counts once, also inside a name or a phrase, and where its clause ends
        ("Single files can't be pulled from an encrypted VM.", "proven"),
        ("Single files can be pulled from an encrypted VM.", "contradicted"),
        ("Linux VMs in our datacenter are out of scope for DPM.", "contradicted"),
        ("The extension is anything but the easiest way to back up an Azure VM.", "contradicted"),
        ("You don't have to delete the snapshot after the transfer.", "proven"),
        ("The snapshot must be deleted by you after the transfer.", "contradicted"),
        ("The recovery point is created only after the snapshot has been transferred.", "proven"),
        # the same in other words, and what the documents leave out
        ("MARS sends on-premises Windows machines straight to the vault.", "proven"),
        ("The snapshot is removed after the transfer on Linux machines only.", "not_covered"),
    ],
)  # fmt: skip
def test_a_claim_stands_as_the_documents_say(helper: Assistant, text: str, standing: str) -> None:
    assert standings(helper, text) == [standing]


def test_a_sentence_may_hold_several_claims(helper: Assistant) -> None:
    text = "MARS backs up Windows files but not volumes of on-premises Linux servers."
    found = helper.verify("MARS is installed by hand, backs up Windows folders, and is app-aware.")
    assert [(c.sentence, c.standing) for c in found.claims] == [
        ("MARS is installed by hand", "proven"),
        ("backs up Windows folders", "proven"),
        ("is app-aware.", "contradicted"),
    ]
    assert len(helper.verify(text).claims) == 2
    assert standings(helper, "The disks of a VM aren't backed up one by one but in parallel.") == ["proven", "proven"]
    said = standings(helper, "On encrypted VMs folders can be restored one by one, files can't.")
    assert said == ["contradicted", "proven"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("LRS keeps three copies but spreads them over two regions, GRS stays in one geography.", ["proven", "contradicted", "proven"]),
        ("Backups of VMs in Azure are encrypted with Storage Service Encryption, for local ones it's done with AES 256.", ["proven", "proven"]),
        ("Traffic into Azure is unlimited, traffic out of it is not.", ["proven", "contradicted"]),
        ("There is no ceiling on retention, transfers are limited to 5 TB.", ["proven", "contradicted"]),
        ("LRS is the default\ntraffic is unlimited\nDPM is app-aware", ["contradicted", "proven", "proven"]),
    ],
)  # fmt: skip
def test_each_clause_and_line_claims_for_itself(helper: Assistant, text: str, expected: list[str]) -> None:
    assert standings(helper, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # a loss of which the fact itself speaks denies nothing
        ("If the complete site is lost, Site Recovery is what lets me switch over to another place.", ["proven"]),
        ("Site Recovery lets me switch over to another place if the site is lost.", ["proven"]),
        # a loss that is only the case denies nothing
        ("If a user loses a file we restore it from the extension backup.", ["contradicted"]),
        # by itself, or nobody else: it is not said which
        ("The extension alone takes the entire machine.", ["not_covered"]),
        ("Only MARS is app-aware.", ["contradicted"]),
        # either way
        ("Getting an application's state on Linux is impossible, with or without scripts.", ["not_covered"]),
        # what happens otherwise, or behind a colon, is denied for itself
        ("Using KEKs is compulsory, or the machine can't be backed up.", ["contradicted"]),
        # "no" that answers, "but" that leaves out, "one" that counts nothing, "won't." that ends
        ("Linux on-premises, no, MARS won't. MARS is not app-aware.", ["proven", "proven"]),
        ("No product but MABS and DPM delivers app-aware backups.", ["contradicted"]),
        ("Changing it from one backup type to the other is blocked.", ["not_covered"]),
        # a word that may turn it round was not read
        ("Patching the backup service is something we can strike from the maintenance calendar.", ["not_covered"]),
        # the main verb is still to come
        ("To get files and system state of a Windows VM in Azure, the extension and MARS are used together.", ["proven"]),
        # what only numbers or calls
        ("Page 2: storage in Azure is paid as you use it, correct.", ["proven"]),
        ("Rosalind, LRS keeps three copies within one region.", ["proven"]),
        ("K-10 says: always application-consistent by default.", ["not_covered"]),
    ],
)  # fmt: skip
def test_what_only_looks_like_a_denial_or_a_limit_turns_nothing(
    helper: Assistant, text: str, expected: list[str]
) -> None:
    assert standings(helper, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("LRS keeps three copies. Our auditor liked it. For that, they'd be spread over three regions.", ["proven", "contradicted"]),
        ("In the vault you manage backup jobs. Jobs are managed in it.", ["proven", "proven"]),
        ("Both SQL Server and Exchange integrate. We may run both at once.", ["proven"]),
        ("High availability comes with the service; a classic product would want upkeep; this one doesn't.", ["proven", "not_covered", "not_covered"]),
    ],
)  # fmt: skip
def test_what_points_back_is_read_with_what_was_decided_before(
    helper: Assistant, text: str, expected: list[str]
) -> None:
    assert standings(helper, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        # what is the speaker's own is not the service's
        "Our own bandwidth is limited by our line.",
        "Our own hardware cost us a fortune.",
        "The new VM's network is slow.",
        "Our policy deletes everything older than two years.",
        # a description claims nothing, and what is too little is not said
        "MARS belongs on every machine that you back up.",
        "GRS keeps copies in another region, not just in one region.",
        "After the first backup, the extension stays installed.",
        "Traffic into Azure stops when the job is done.",
        # neither a choice nor a state of things is a denial
        "Replace existing on the payroll VM tonight, allowed or no.",
        "I need files of an Azure VM. They came from the MARS agent (I can see it) and there is no encryption of any kind.",
    ],
)
def test_what_is_true_or_beside_the_point_is_not_called_wrong(helper: Assistant, text: str) -> None:
    assert "contradicted" not in standings(helper, text)


@pytest.mark.parametrize(
    ("text", "standing"),
    [
        ("What goes in is unlimited.", "proven"),
        ("Azure Backup stops at 100 TB of traffic a month.", "contradicted"),
        ("Nothing can be held longer than 99 years.", "contradicted"),
        ("A mix of local storage and Azure is possible.", "proven"),
        ("Space in Azure comes at one flat yearly fee.", "contradicted"),
        ("The extension gets installed without anyone's help.", "proven"),
        ("VMSnapshot gets planted at the moment the VM is created.", "contradicted"),
        ("Create a new VM: name and network are fixed.", "contradicted"),
        ("A backup won't restore as long as its VM is allocated and running.", "proven"),
        ("MARS doesn't install itself: someone has to go round and put it on each machine.", "proven"),
        ("The differential saves the blocks altered since the most recent log backup.", "contradicted"),
    ],
)
def test_facts_are_found_in_everyday_words(helper: Assistant, text: str, standing: str) -> None:
    assert set(standings(helper, text)) == {standing}


def test_a_cell_that_states_something_claims_for_itself(helper: Assistant) -> None:
    table = "| Name | Apps |\n|---|---|\n| MARS stands for Microsoft Azure Recovery Services | MARS: aware of applications |\n"
    found = helper.verify(table).claims
    assert {c.sentence: c.standing for c in found if c.standing != "not_covered"} == {
        "MARS stands for Microsoft Azure Recovery Services": "proven",
        "MARS: aware of applications": "contradicted",
    }


def test_a_sentence_leans_on_the_one_before(helper: Assistant) -> None:
    assert standings(helper, "LRS is a kind of storage. It keeps three copies in one region.")[-1] == "proven"
    assert standings(helper, "LRS is a kind of storage. It keeps copies in another region.")[-1] == "contradicted"


def test_lists_tables_and_headings_are_read(helper: Assistant) -> None:
    text = "## Tools\n\nThese are app-aware:\n\n- DPM\n- MABS is app-aware\n\n| Type | Copies | Where |\n|---|---|---|\n| LRS | 3 | same region |\n| GRS | 1 | same region |\n"
    found = {c.sentence: c.standing for c in helper.verify(text).claims}
    assert found["MABS is app-aware"] == "proven"
    assert found["LRS | 3 | same region"] == "proven"
    assert found["GRS | 1 | same region"] == "contradicted"


def test_a_column_says_yes_or_no_of_the_first_cell(helper: Assistant) -> None:
    text = "| Tool | Windows files | Linux on-premises |\n|---|---|---|\n| MARS | yes | yes |\n"
    assert standings(helper, text)[-2:] == ["proven", "contradicted"]


def test_a_contradicted_sentence_is_replaced_by_the_rule(helper: Assistant) -> None:
    text = "GRS is the default. LRS keeps nine copies. MARS is not app-aware."
    found = helper.verify(text)
    assert found.corrected == (
        "GRS is the default. Locally redundant storage (LRS) keeps three copies of the data within one region. MARS is not app-aware."
    )
    wrong = found.claims[1]
    assert (wrong.findings[0].rule_id, [c.quote for c in wrong.citations]) == (
        "W-10", ["**Locally redundant storage (LRS)** keeps three copies of the data within one region."],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "standing", "tension"),
    [
        # a stated fact that is one side of a disagreement
        ("You never have to stop the VM before a restore.", "contradicted", "K07"),
        ("The VM extension enables file-level restores.", "contradicted", "K05"),
        ("The extension doesn't enable file-level restores.", "proven", "K05"),
        ("Only MABS and DPM make app-aware backups.", "proven", "K02"),
        ("Snapshots are stored in the vault.", "proven", "K16"),
        # word by word
        ("App-aware backups are supported by MABS and DPM only.", "proven", "K02"),
        # a rule whose unsaid facts reach into a case that nobody decides
        ("MARS can't back up Linux.", "proven", "K01"),
        ("MARS never backs up Linux.", "disputed", "K01"),
        ("MARS is never app-aware.", "disputed", "K04"),
        # another case than that of the disagreement
        ("You can run Replace existing while the VM is up and running.", "contradicted", ""),
        ("MARS can back up on-premises Windows files.", "proven", ""),
    ],
)  # fmt: skip
def test_where_the_documents_disagree_both_places_are_named(
    helper: Assistant, text: str, standing: str, tension: str
) -> None:
    claim = helper.verify(text).claims[0]
    named = [f for f in claim.findings if f.status == "conflict"]
    assert (claim.standing, {f.rule_id for f in named}) == (standing, {tension} - {""})
    places = {p.quote for t in helper.pack.tensions if t.id == tension for p in t.places}
    assert {c.quote for c in claim.citations if any(f.citation == c.marker for f in named)} == places


def test_coverage_is_always_reported(helper: Assistant) -> None:
    count = helper.verify("GRS is the default. LRS keeps nine copies. The colour of the portal is blue.").summary
    assert (count.claims, count.proven, count.contradicted, count.not_covered, count.coverage) == (3, 1, 1, 1, 0.6667)


def test_a_text_without_claims_is_covered(helper: Assistant) -> None:
    assert helper.verify("").summary.coverage == 1.0
    assert helper.verify("Thanks for asking!").claims == ()


def test_a_text_that_is_too_long_is_refused(helper: Assistant) -> None:
    with pytest.raises(QuestionError, match="1,000,001 characters"):
        helper.verify("a" * 1_000_001)


def test_the_index_stays_closed(tmp_path: Path) -> None:
    fresh = Assistant.load(home=tmp_path)
    assert standings(fresh, "GRS is the default.") == ["proven"]
    assert "retriever" not in fresh.__dict__
    assert list(tmp_path.iterdir()) == []


def test_the_same_text_gives_the_same_bytes(helper: Assistant) -> None:
    text = REGISTERS.read_text(encoding="utf-8")
    one, other = (json.dumps(helper.verify(text).to_dict()) for _ in range(2))
    assert one == other


def sound(found: Verification, helper: Assistant) -> None:
    """What holds of every verification."""
    documents = {s: helper.pack.document(sec.document).text for s, sec in helper.pack.sections.items()}
    for claim in found.claims:
        assert found.text[claim.start : claim.end] == claim.sentence
        assert bool(claim.citations) == (claim.standing != "not_covered")
        assert bool(claim.correction) == (claim.standing in {"contradicted", "disputed"})
        assert all(documents[c.section_id][c.start : c.end] == c.quote for c in claim.citations)
    assert found.summary.claims == len(found.claims)


PIECES = st.sampled_from(
    ["MARS", "backs up", "Linux", "not", "only", "\n\n- ", "| a | b |\n|---|---|\n| MARS | no |\n", "LRS keeps", " 9 ", "copies", ". ", "unless", "\u0000",
     "encrypted", "<b>", "](x)", "İ", "ﬁles", "?", "**", "`", "# ", "😀", "never", "\r\n", "24 hours", ", ", "but", "(", "it"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=25).map(" ".join))
def test_offsets_quotes_and_corrections_hold_for_any_text(helper: Assistant, text: str) -> None:
    sound(helper.verify(text), helper)


@given(st.text(max_size=200))
def test_no_text_breaks_it(helper: Assistant, text: str) -> None:
    sound(helper.verify(text), helper)


@given(st.sampled_from(["GRS is the default.", "LRS keeps three copies in one region.", "DPM is app-aware."]), st.characters(min_codepoint=0x400, max_codepoint=0x9FFF, categories=["L"]))  # fmt: skip
def test_no_letter_of_another_script_is_passed_over(helper: Assistant, text: str, letter: str) -> None:
    assert "proven" not in standings(helper, text[:-1] + " " + letter + ".")


def labelled() -> list[tuple[str, str]]:
    lines = [line for path in sorted(CLAIMS.glob("*.txt")) for line in path.read_text(encoding="utf-8").splitlines()]
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines if line and not line.startswith("#")]


def worst(helper: Assistant, text: str) -> str:
    """The standing of a text as a whole."""
    found = standings(helper, text)
    return next((s for s in ("contradicted", "disputed", "not_covered", "proven") if s in found), "not_covered")


def test_nothing_is_called_its_opposite(helper: Assistant) -> None:
    wrong = {"P": "contradicted", "C": "proven"}
    assert [t for label, t in labelled() if wrong.get(label[0]) == worst(helper, t)] == []


def test_the_right_share_is_found(helper: Assistant) -> None:
    letters = {"P": "proven", "C": "contradicted", "D": "disputed", "N": "not_covered"}
    right = [worst(helper, t) in {letters[x] for x in label} for label, t in labelled()]
    assert sum(right) / len(right) >= 0.93


def test_corruptions_of_the_headlines_are_killed(helper: Assistant) -> None:
    operators = Mutations(helper.pack)
    for sentence in ("GRS is the default.", "Replace existing is not available for encrypted VMs."):
        survivors = [m for m in operators.corrupt(sentence) if set(standings(helper, m.sentence)) == {"proven"}]
        assert survivors == []


@pytest.mark.parametrize(
    "claim",
    [
        "File groups of a full SQL backup have to be chosen separately.",
        "The service creates the recovery point while the snapshot is on its way to the vault.",
    ],
)
def test_what_goes_beyond_its_proof_is_not_proven(helper: Assistant, claim: str) -> None:
    assert standings(helper, claim) == ["not_covered"]
