"""The corridor end to end on the shipped pack: statuses, proofs, citations, follow-ups, determinism."""

import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from assistant.engine import Assistant
from assistant.errors import QuestionError, UnknownName
from assistant.types import Answer

SCHEMA = json.loads(files("assistant").joinpath("answer.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ("Can MABS protect a physical Linux server on-premises?", "not_supported"),
        ("Are on-premises Linux VMs supported with DPM?", "supported"),
        ("Can I use Replace existing?", "depends"),
        ("Can MARS back up files of a Linux VM in Azure?", "conflict"),
        ("How much does Azure Backup cost per month?", "not_stated"),
        ("Can DPM protect a Solaris server?", "not_stated"),
        ("What does LRS do?", "information"),
        ("Which stocks should I buy?", "out_of_scope"),
        ("MARS can back up Linux servers on premises, right?", "not_supported"),
        ("Is LRS the default redundancy?", "not_supported"),
        ("I have a physical server inside Azure running Linux. Which tool?", "depends"),
        ("MARS takes the volumes of a Windows server straight to the vault.", "not_supported"),
        ("Does DPM send its data to a vault when MARS isn't on the DPM server?", "not_supported"),
        ("Can the workload extension be put on a SQL Server instance on Windows?", "supported"),
        ("Very first thing a backup job does on an Azure VM?", "information"),
        ("Is the Linux VM in our own building something MARS could ship into a vault?", "not_supported"),
        ("Can MARS ship the files of a Windows server into a vault?", "supported"),
        ("Could MARS replace the extension for the entire Windows VM in Azure?", "not_supported"),
        (
            "Management refuses DPM and refuses MABS. Linux VM in our data centre, files only. Any chance?",
            "not_supported",
        ),
        ("Does the extension refuse Linux VMs in Azure?", "supported"),
        ("One spreadsheet of an encrypted VM: can I get it out of the backup?", "not_supported"),
        ("The VM was off during the backup window. Which consistency level?", "information"),
        (
            "Our VM has Azure Disk Encryption. When I make a new virtual machine of its backup, does this work?",
            "supported",
        ),
        ("Bare metal recovery of a physical Windows host with MABS, possible?", "not_stated"),
        ("Can I use Replace existing on an encrypted VM or must I take Restore disk?", "not_supported"),
        ("Create a new VM for a copy with a second network adapter?", "not_supported"),
        ("Replace existing, managed, unencrypted. They won't let me switch it off.", "not_supported"),
        ("Which tool for our server?", "depends"),
        ("Is Linux ok?", "depends"),
        ("what do i use for on-prem", "information"),
        ("Does Restore disk make a VM for me?", "not_supported"),
        ("Do I have to shut down the VM for a backup?", "information"),
        ("Does Replace existing delete the old disk?", "information"),
        ("Does MARS need MABS?", "not_supported"),
        ("Does the backup need downtime?", "not_stated"),
        ("Can Microsoft read my backups?", "not_stated"),
        ("What does MABS cost?", "not_stated"),
        ("Is GRS more expensive?", "not_stated"),
        ("What does storage cost?", "information"),
        ("Is Restore disk faster than Create a new VM?", "information"),
        ("Is the snapshot always application consistent on Windows?", "not_supported"),
        ("Do all restore options work for encrypted VMs?", "not_supported"),
        ("Is the first backup incremental?", "not_supported"),
        ("Is the VM stopped automatically for the restore?", "not_supported"),
        ("Does Create a new VM overwrite my VM?", "information"),
        ("Does MARS cover more than DPM?", "information"),
        ("My snapshot is still transferring after 20 hours, should I worry?", "information"),
        ("The VM no longer exists. Can I use Replace existing?", "not_supported"),
        (
            "One Windows box with MARS on it, straight to the vault. Does that agent also take the application data along?",
            "not_supported",
        ),
        ("My Azure VM has six data disks. Are they saved one after the other or all at once?", "information"),
        ("Differential: all blocks changed since the last full, or since the last differential?", "information"),
        ("My Windows box in Azure with nothing but the VM extension: app-aware, yes/no?", "supported"),
        ("MARS was never put on the DPM server. Would its backups show up in a vault nevertheless?", "not_supported"),
        ("Does Restore disk need a template?", "information"),
        ("GRS uses LRS underneath, in both regions. Agree?", "supported"),
        ("From then on just the modified blocks of the first full backup travel, right?", "supported"),
        ("Does every later run copy the entire VM once more?", "not_supported"),
        ("Jobs and how they're configured, is that handled in the vault?", "supported"),
        ("Might the move into the vault really last a whole day?", "supported"),
        ("And were I never to put MARS on the MABS box, what becomes of the copies?", "information"),
        ("May the old VM keep running while I restore the backup as a new one?", "depends"),
        ("Is Restore disk the same as Replace existing?", "information"),
        ("Is MABS the same as DPM?", "information"),
        ("Does the extension get installed when the VM is off?", "information"),
        ("Is it true that DPM needs its own server?", "information"),
        ("MABS is in place and MARS is not. Do backups reach the vault?", "not_supported"),
        ("MABS is installed, MARS is not. Are tonight's backups in the vault tomorrow morning?", "not_supported"),
        ("Is MABS only for VMs?", "conflict"),
        ("Is MARS for Windows only?", "supported"),
        (
            "Is it allowed that I bring back only one folder of my unencrypted Windows VM in Azure, backed up with MARS?",
            "supported",
        ),
        ("Will my VM's backup be app-aware?", "depends"),
        ("Are our backups app-aware?", "depends"),
        ("VM-04 has 3 disks of 512 GB. Are they backed up together or queued?", "information"),
        ("Two Windows VMs in Azure, none encrypted, managed disks, both stopped. Replace existing?", "supported"),
        (
            "Our wiki says that a snapshot may need a complete day to arrive in the vault. Can this stay there?",
            "supported",
        ),
        ("Our encryptd VM in Azure: can I use Replace existing?", "not_supported"),
        ("If I touch nothing in the vault, is it LRS?", "not_supported"),
        ("Is data transfer free of charge?", "not_stated"),
        ("Is a backup of the whole VM app-aware?", "supported"),
        ("Does the second backup send the whole VM?", "not_supported"),
        (
            "Made with the VM extension. Can I get two folders out of it without restoring the whole VM?",
            "not_supported",
        ),
        ("Do only Windows VMs get app-consistent snapshots?", "conflict"),
        ("Linux only gets app-consistent snapshots when there are scripts, right?", "supported"),
        ("Can only physical machines be backed up by MABS?", "not_supported"),
        ("Can only Windows machines be backed up with MARS?", "supported"),
        ("Does only MABS back up Exchange?", "not_supported"),
        ("Can only the VM extension back up Linux VMs?", "conflict"),
        ("Does only Replace existing need a stopped VM?", "information"),
        ("Are only changed blocks copied after the first backup?", "supported"),
        ("Are MABS and DPM the same thing?", "information"),
        ("Is GRS recommended in all cases?", "not_supported"),
        ("Does the transfer always take 24 hours?", "not_supported"),
        ("Is it true that backups are kept for 7 years only?", "not_supported"),
        ("Does the differential depend on a full backup?", "supported"),
        ("Is Restore disk the quickest restore option?", "information"),
        ("Is MABS the quickest way to back up an Azure VM?", "not_supported"),
        ("Can an on-prem Linux VM be backed up directly to the Recovery Services vault?", "not_supported"),
        ("Can an on-premises Windows VM be backed up directly to the vault?", "supported"),
        ("Can I restore an on-prem VM into Azure?", "not_stated"),
        ("True or false? In a crash-consistent backup the content of the RAM is recorded too.", "not_supported"),
        ("Boss: 'Microsoft takes all the patching of the backup service off our hands'. Is he right?", "supported"),
        ("After the first run only the bits that changed get shipped, not the entire VM again. Right?", "supported"),
        ("Can Create a new VM restore a VM to another region?", "not_stated"),
        ("Can MARS back up the registry?", "not_stated"),
        ("Can MARS back up files of a Windows server without a licence?", "not_stated"),
        ("Can I restore a backup made by MARS onto another server?", "not_stated"),
        ("Does Azure Backup put load on the production VM?", "not_stated"),
        ("Can MARS compress files on a Windows server?", "not_stated"),
        ("Does MABS rename our on-premises Windows VM?", "not_stated"),
        ("Is the VM restarted by the extension?", "not_stated"),
        ("Does Azure Backup notify the owner of the VM?", "not_stated"),
        ("Can MARS back up files of a Windows server that restarts every night?", "supported"),
        ("Can I change replication after backups exist?", "not_stated"),
        ("Is the snapshot deleted after Replace existing?", "not_supported"),
        ("Is the traffic encrypted?", "not_stated"),
        ("Who may start a restore?", "not_stated"),
        ("Does the restore point expire?", "information"),
        ("Do I have to buy storage up front?", "not_supported"),
        ("Can I back up a VM that has no network?", "not_stated"),
        (
            "Azure Disk Encryption is switched on. Is restoring the machine as a whole still available to us?",
            "supported",
        ),
    ],
)
def test_status(helper: Assistant, question: str, status: str) -> None:
    assert helper.ask(question).status == status


@pytest.mark.parametrize(
    ("turns", "status"),
    [
        (("Our vault is in West Europe.", "Can the VHD go to North Europe?"), "not_supported"),
        (("Can a VM with ADE be backed up?", "and single files of it?"), "not_supported"),
        (("Can MARS back up Linux?", "why?", "what about in Azure?"), "conflict"),
        (("What is MABS?", "does it need MARS?", "is it app-aware?"), "supported"),
        (("Our Linux server's app data, can it be protected?", "no idea, I've never been on site"), "depends"),
        (("VM was off when the job ran.", "and did it get I/O and memory into the backup"), "not_supported"),
        (("VSS threw an error on a Windows VM. Backup lost?", "so what quality do I have now"), "information"),
        (("Is our vault in West Europe fine?", "ok, and what is GRS?"), "information"),
        (("Can DPM reach the vault?", "with MARS on it?"), "supported"),
    ],
)
def test_what_a_talk_comes_to(helper: Assistant, turns: tuple[str, ...], status: str) -> None:
    answer: Answer | None = None
    for turn in turns:
        answer = helper.ask(turn, after=answer)
    assert answer is not None
    assert answer.status == status


def test_what_something_is_leaves_what_was_spoken_of(helper: Assistant) -> None:
    before = helper.ask("Is our vault in West Europe fine?")
    assert helper.ask("ok, and what is GRS?", after=before).text.startswith("Geo-redundant storage (GRS)")


def test_a_no_that_rests_on_several_rules_shows_each(helper: Assistant) -> None:
    answer = helper.ask("Can the VM extension back up SQL?")
    assert (answer.status, [c.title for c in answer.citations]) == (
        "not_supported",
        ["SQL Server backups", "Support matrix", "Azure Backup virtual machine extension"],
    )


@pytest.mark.parametrize(
    ("question", "opening"),
    [
        ("Will restore fail if the machine is deallocated?", "No, it is supported"),
        ("Is it a problem if the VM is deallocated during restore?", "No, it is supported"),
        ("Are there problems backing up encrypted VMs?", "No, it is supported"),
        ("Does Replace existing fail on encrypted VMs?", "Yes, it is not supported"),
        ("Will MARS fail on Linux?", "Yes, it is not supported"),
    ],
)
def test_whether_something_goes_wrong_is_answered_so(helper: Assistant, question: str, opening: str) -> None:
    assert helper.ask(question).text.startswith(opening)


def test_a_path_names_a_folder(helper: Assistant) -> None:
    answer = helper.ask(r"Can MARS back up D:\Shares\HR on a Windows server in our office?")
    assert (answer.status, answer.facts["level"]) == ("supported", ("files_folders",))


def test_in_place_of_something_is_no_restore(helper: Assistant) -> None:
    assert "restore_option" not in helper.ask("Can MARS be used in place of the VM extension?").facts


def test_a_question_of_need_gets_no_yes_or_no(helper: Assistant) -> None:
    assert helper.ask("Does MARS need a backup server?").status == "information"


def test_an_encrypted_vm_can_still_be_backed_up(helper: Assistant) -> None:
    assert helper.ask("Can an encrypted VM be backed up?").status == "supported"


def test_the_yes_names_everything_that_works(helper: Assistant) -> None:
    answer = helper.ask("Is system state backup possible for an on-premises Linux VM?")
    assert answer.options == ("MABS or DPM",)


def test_the_no_offers_the_easiest_change_first(helper: Assistant) -> None:
    answer = helper.ask("Can MARS back up our on-prem Ubuntu VM?")
    assert answer.changes[0] in ({"tool": ("mabs",)}, {"tool": ("dpm",)})


def test_the_depends_asks_what_settles_most(helper: Assistant) -> None:
    answer = helper.ask("Can I back up SQL Server?")
    assert answer.ask is not None
    assert (answer.missing, answer.ask.dimension) == (("os",), "os")


def test_what_is_found_out_later_is_judged_for_what_was_asked(helper: Assistant) -> None:
    first = helper.ask("Unencrypted VM, managed disks, turned off. Replace existing allowed?")
    then = helper.ask("hm wait... just saw in the portal that ADE is on for that VM. still ok?", after=first)
    assert (first.status, then.status) == ("supported", "not_supported")


def test_a_follow_up_answers_the_question_we_asked(helper: Assistant) -> None:
    first = helper.ask("Can I back up SQL Server?")
    assert [helper.ask(words, after=first).status for words in ("Windows", "the second")] == [
        "supported",
        "not_supported",
    ]


def test_who_asks_which_place_is_right_is_shown_both(helper: Assistant) -> None:
    answer = helper.ask(
        "One page says MARS backs up files of Linux VMs in Azure, another page says Windows only. Which applies?"
    )
    assert answer.status == "conflict"
    assert {c.title for c in answer.citations} == {"Support matrix", "Microsoft Azure Recovery Services agent"}


def test_a_measure_that_no_near_place_speaks_of_is_not_stated(helper: Assistant) -> None:
    assert helper.ask("How many minutes does Create a new VM take on average?").status == "not_stated"
    assert "24 hours" in helper.ask("How many hours may the transfer of a snapshot to the vault take?").text


def test_words_set_aside_claim_nothing(helper: Assistant) -> None:
    answer = helper.ask("Are all disks of an Azure VM backed up at the same time rather than one after the other?")
    assert (answer.status, answer.text.split(":")[0]) == ("supported", "Yes")


def test_a_value_named_alone_asks_what_it_means(helper: Assistant) -> None:
    answer = helper.ask("What's the meaning of crash consistent?")
    assert (answer.status, answer.citations[0].title) == ("information", "Crash consistent")


def test_a_poll_is_no_part_of_what_it_asks_about(helper: Assistant) -> None:
    assert helper.ask("For the third time: Windows VM, on-prem, app data, DPM: YES OR NO").status == "supported"


def test_a_typo_is_no_type(helper: Assistant) -> None:
    answer = helper.ask("Typo. I meant GRS.", after=helper.ask("Is LRS the default redundancy?"))
    assert answer.status == "supported"


def test_a_follow_up_about_another_value_is_judged_for_that_value(helper: Assistant) -> None:
    first = helper.ask("Is LRS the default?")
    assert first.status == "not_supported"
    assert [helper.ask(words, after=first).status for words in ("And GRS?", "Typo. I meant GRS.")] == ["supported"] * 2


def test_a_sentence_that_leads_a_list_ends_with_a_full_stop_when_it_stands_alone(helper: Assistant) -> None:
    text = helper.ask("What is the workload backup extension?").text
    assert "It offers three backup types. [1]" in text


def test_the_letter_of_a_multiple_choice_question_comes_first(helper: Assistant) -> None:
    answer = helper.ask("Which tool is app-aware?\nA) MARS\nB) DPM")
    assert answer.choice == ("B",)
    assert answer.text.startswith("B: DPM.")


def test_that_none_of_the_options_holds_is_proven_by_what_refutes_them(helper: Assistant) -> None:
    answer = helper.ask(
        "Physical Linux machine in our own hall. Covered by a) MARS, b) DPM, c) MABS, d) none of these?"
    )
    assert answer.choice == ("D",)
    assert answer.text.startswith(
        "D: none of these. Physical Linux machines on-premises are not supported, with any tool. [1]"
    )


@pytest.mark.parametrize(
    ("question", "choice"),
    [
        ("How many copies does LRS keep? a) 2 b) 3 c) 6", ("B",)),
        ("How many storage replication options are there? a) 1 b) 2 c) 3", ("B",)),
        ("Which of these is NOT a restore option? a) Create a new VM b) Restore disk c) Clone d) Replace existing", ("C",)),
        ("Tick all that are app-aware: A) MARS agent B) MABS C) DPM", ("B", "C")),
        ("Which tools back up volumes of on-premises Windows VMs? A. MARS and DPM B. DPM and MABS C. MARS only", ("B",)),
        ("Which agent is installed manually? A. VMSnapshot B. MARS C. both D. neither", ("B",)),
        ("Which of these is unavailable for encrypted VMs: I. create new VM II. restore disk III. replace existing", ("III",)),
        ("LRS: how much copies are kept inside the region? A) 2  B) 3  C) 6", ("B",)),
        (
            "VM-A is encrypted, VM-B is unmanaged, VM-C is unencrypted and managed. Where may I use Replace existing? A) VM-A B) VM-B C) VM-C",
            ("C",),
        ),
        ("Which machines aren't supported? A) physical Windows on-prem B) physical Linux on-prem C) virtual Linux on-prem", ("B",)),
        ("Which option is quickest to get a running VM? A) Create a new VM B) Restore disk C) Replace existing", ("A",)),
        ("Which level results when VSS fails on a running Windows VM? A) application B) file system C) crash D) none", ("B",)),
    ],
)  # fmt: skip
def test_options_are_counted_and_sorted_out(helper: Assistant, question: str, choice: tuple[str, ...]) -> None:
    assert helper.ask(question).choice == choice


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ("Do MARS and MABS both back up on-premises Linux VMs?", "not_supported"),
        ("Do DPM and MABS both back up on-premises Linux VMs?", "supported"),
        ("Nobody remembers whether we ticked LRS or GRS. Do we survive the loss of a region?", "depends"),
        ("Do we survive the loss of a region with LRS or GRS?", "supported"),
        ("Can Frobnicator back up Linux VMs on premises?", "not_stated"),
        ("Does the AzureBackupWindowsWorkload extension back up Exchange without any MABS?", "not_stated"),
        ("Is storage in Azure free of charge?", "not_supported"),
        ("Do I need to shut down the VM for a backup?", "information"),
        ("Does the service keep the snapshot after the transfer or remove it?", "information"),
        ("What happens if I restore while the VM is running?", "information"),
        ("The backup of our Azure VM was made with MARS, it is not encrypted. Can I get a folder back?", "supported"),
        ("Is the VM extension app-aware for an on-premises Windows VM?", "not_supported"),
        ("Is the VM extension app-aware for a Windows VM in Azure?", "supported"),
        ("Everything but Linux: does MARS take it?", "supported"),
        ("Is the MARS agent needed on every protected machine when I use MABS?", "not_supported"),
        ("Can the workload extension back up files?", "not_stated"),
        ("Does it back up Windows 98?", "not_stated"),
        ("How do I uninstall MARS?", "not_stated"),
        ("The VM was switched off when the backup ran. Will the database come up clean?", "information"),
        ("Can I restore a physical server with Restore disk?", "not_stated"),
        ("Can I restore a virtual server with Restore disk?", "supported"),
        ("Is a Windows Server licence included with MABS?", "not_stated"),
        ("Can the DPM we already paid for back up folders of our on-premises Linux VMs?", "supported"),
        ("Do we pay for restoring?", "not_stated"),
        ("Can I exclude disks from a VM backup?", "not_stated"),
        ("Can MARS and the extension live on the same VM?", "depends"),
        ("May one VM be backed up to 2 vaults at once?", "not_stated"),
    ],
)
def test_verdicts_that_a_word_more_or_less_decides(helper: Assistant, question: str, status: str) -> None:
    assert helper.ask(question).status == status


def test_both_is_refused_with_the_one_that_does_not_and_told_the_one_that_does(helper: Assistant) -> None:
    text = helper.ask("Do MARS and MABS both back up on-premises Linux VMs?").text
    assert text.startswith(
        "No: direct backup of files from an on-premises Linux VM is not supported with MARS. [1] DPM and MABS back up"
    )


def test_what_a_second_reader_refutes_is_refused(helper: Assistant) -> None:
    answer = helper.ask(
        "Our handbook claims that administrators have to install VMSnapshot by hand before the first backup. Correct?"
    )
    assert (answer.status, answer.text.partition(":")[0]) == ("not_supported", "That is not right")


@pytest.mark.parametrize("option", ["\\g<9>", "\\1", "\\d+ (", "%s {0}"])
def test_an_option_is_never_taken_for_a_pattern(helper: Assistant, option: str) -> None:
    assert helper.ask(f"How many copies does LRS keep? a) {option} b) 3").choice == ("B",)
    assert len(helper.ask(f"Which one of these holds three copies in a region? a) {option} b) LRS").choice) == 1


def test_options_that_are_statements_are_judged_by_their_words(helper: Assistant) -> None:
    answer = helper.ask(
        "Multiple response. Which statements about MABS hold?\n1. Machines are first backed up to the server's local storage.\n"
        "2. It puts backups in a Recovery Services vault all by itself, no other agent involved.\n3. It is app-aware."
    )
    assert answer.choice == ("1", "3")


def test_a_statement_about_two_values_is_called_right_where_both_are_proven(helper: Assistant) -> None:
    answer = helper.ask(
        'Minutes of Tuesday: "If a whole site is lost we fail over with Azure Site Recovery; for folders deleted by accident '
        'we turn to Azure Backup." Have they got it right?'
    )
    assert (answer.status, answer.text[:14]) == ("supported", "That is right.")
    assert {c.title for c in answer.citations} == {"Azure Backup versus Azure Site Recovery"}


def test_a_statement_is_called_false_with_what_refutes_it(helper: Assistant) -> None:
    answer = helper.ask(
        'True/false drill.\n"Out of the box, an Azure Linux VM is backed up with application-consistent snapshots."\nA. True\nB. False'
    )
    assert answer.choice == ("B",)
    assert "file-consistent" in answer.text


def test_a_claim_that_its_words_refute_is_refused_where_no_rule_decides(helper: Assistant) -> None:
    answer = helper.ask("The recovery point exists before the transfer even starts, correct?")
    assert (answer.status, answer.text.split(".")[0]) == ("not_supported", "That is not right")
    assert "when the transfer is done" in answer.text


def test_an_open_question_about_a_machine_names_the_tools(helper: Assistant) -> None:
    answer = helper.ask("Linux VM on our own Hyper-V, its volumes. What has to be bolted on?")
    assert {"DPM", "MABS"} <= set(answer.options)


@pytest.mark.parametrize("question", ["Hello", "Thanks, that helped!", "Are you human?", "?"])
def test_who_only_greets_is_told_what_to_ask(helper: Assistant, question: str) -> None:
    answer = helper.ask(question)
    assert answer.status == "out_of_scope"
    assert answer.text.startswith(
        "Ask about backing up and restoring machines with Azure Backup: put a question, or paste a claim"
    )


def test_a_tool_that_cannot_back_it_up_is_not_listed_for_how_well_it_does(helper: Assistant) -> None:
    answer = helper.ask("12 Windows VMs on Hyper-V, app-aware. What would you install?")
    assert answer.options == ("MABS", "DPM")


def test_a_comparison_begins_with_what_is_asked(helper: Assistant) -> None:
    rows = helper.ask("Compare MARS and MABS: where do the backups go?").text.split("\n")
    assert rows[4].startswith("| Backups go to | directly to a Recovery Services vault [1] |")
    assert helper.ask("What does DPM protect that MARS doesn't?").text.startswith("DPM and The MARS agent compared:")


def test_what_names_its_own_answer_is_explained(helper: Assistant) -> None:
    answer = helper.ask("Which agent moves DPM's backups to Azure?")
    assert "Install the Microsoft Azure Recovery Services (MARS) agent on the DPM server or MABS." in answer.text


def test_machines_on_which_the_rules_differ_are_each_named(helper: Assistant) -> None:
    answer = helper.ask(
        "Bed 1: Windows on metal in our hall. Bed 2: RHEL on metal beside it. DPM for app data. Who pulls through?"
    )
    assert [(p.label, p.status) for p in answer.parts] == [("Windows", "supported"), ("Linux", "not_supported")]


def test_the_option_that_is_not_so_can_be_asked_for(helper: Assistant) -> None:
    answer = helper.ask("Which tool is NOT app-aware?\nA) MABS\nB) MARS\nC) DPM")
    assert answer.choice == ("B",)


@pytest.mark.parametrize("tension", [t.id for t in Assistant.load().pack.tensions])
def test_every_disagreement_of_the_documents_is_shown_with_both_places(helper: Assistant, tension: str) -> None:
    question, both = CONFLICTS[tension]
    answer = helper.ask(question)
    cited = {c.section_id for c in answer.citations}
    assert all(cited & set(places) for places in both), (answer.text, cited)


MATRIX, MARS, MABS = (
    "features#support-matrix",
    "back-up#microsoft-azure-recovery-services-agent",
    "back-up#microsoft-azure-backup-server-protection-agent",
)
TYPES, TOOLS, EXTENSION = (
    "features#azure-backup-types",
    "features#tools-agents",
    "back-up#azure-backup-virtual-machine-extension",
)
FILES, VAULT, PROCESS = (
    "restore#recover-files-from-a-backup",
    "back-up#recovery-services-vault",
    "back-up#backup-process-for-an-azure-virtual-machine",
)
OVERVIEW, SQL, SCRIPTS = (
    "features#azure-backup-features-and-scenarios",
    "features#sql-server-backups",
    "back-up#application-consistent",
)
CONFLICTS: dict[str, tuple[str, list[tuple[str, ...]]]] = {
    "K01": ("Does MARS back up the volumes of our Ubuntu VM in Azure?", [(MATRIX,), (MARS,)]),
    "K02": ("Is the backup extension app-aware for Windows machines?", [(TOOLS, MATRIX, PROCESS), (TYPES,)]),
    "K03": ("Are backups with the VM extension and MARS together app-aware on an Azure Windows VM?", [(MATRIX,), (TOOLS, TYPES)]),
    "K04": ("Is the MARS agent app-aware on a Linux VM in Azure?", [(MATRIX,), (TOOLS, TYPES)]),
    "K05": ("Can I restore single files from a backup made with the VM extension?", [(EXTENSION,), (VAULT,)]),
    "K06": ("Can I recover files of a Linux VM in Azure?", [(FILES, MATRIX), (MARS, MATRIX)]),
    "K07": ("Can I create a new VM from the backup while the VM is running?", [("exercise-restore#stop-the-vm-to-allow-for-the-restore",), ("restore#create-a-new-vm",)]),
    "K08": ("Which consistency does a Linux VM in Azure get?", [(PROCESS, MATRIX), (SCRIPTS,)]),
    "K09": ("Can DPM back up SQL Server on a Linux VM on-premises?", [(SQL,), (MATRIX,)]),
    "K10": ("Do DPM backups reach a Recovery Services vault?", [(OVERVIEW,), (MABS, MARS, "features#processes")]),
    "K11": ("Can MABS back up a VM in Azure?", [(MABS,), (MATRIX,)]),
    "K12": ("Can MABS back up a physical Windows server on-premises?", [(MATRIX,), (MABS,)]),
    "K13": ("Can the AzureBackupWindowsWorkload extension back up Exchange?", [(MABS,), (SQL,)]),
    "K14": ("Is MARS alone enough to back up files on an Azure Windows VM?", [(MATRIX,), (MARS,)]),
    "K15": ("Can I back up volumes of an Azure Windows VM?", [(MATRIX,), (MABS,)]),
    "K16": ("Are the snapshots of the VM extension stored in the vault?", [(EXTENSION,), (PROCESS,)]),
    "K17": ("Can I restore the disk to a storage account in another region than the vault?", [("restore#restore-disk",)]),
    "K18": ("Can I recover files from a DPM backup?", [(FILES,), (MABS, VAULT)]),
    "K19": ("Is a physical Windows server on-premises supported?", [(MATRIX,), (OVERVIEW,)]),
}  # fmt: skip


QUESTIONS = [q for r in Assistant.load().pack.rules for q in r.fires]


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_answer_keeps_the_promises_of_its_schema(helper: Assistant, question: str) -> None:
    answer = helper.ask(question)
    check_promises(helper, answer)


def check_promises(helper: Assistant, answer: Answer) -> None:
    jsonschema.validate(json.loads(json.dumps(answer.to_dict())), SCHEMA)
    for citation in answer.citations:
        section = helper.pack.section(citation.section_id)
        document = helper.pack.document(section.document).text
        assert document[citation.start : citation.end] == citation.quote
        assert section.start <= citation.start < citation.end <= section.end
        assert f"[{citation.marker}]" in answer.text
        assert 0 <= citation.answer_start < citation.answer_end <= len(answer.text)
    marks = {c.marker for c in answer.citations}
    assert marks == set(range(1, len(marks) + 1))
    if answer.status in {"supported", "not_supported", "conflict"}:
        assert answer.citations


def test_the_same_question_gives_the_same_bytes_in_two_processes(home: Path) -> None:
    lines = "\n".join(json.dumps({"id": n, "turns": [q]}) for n, q in enumerate(QUESTIONS[:25]))

    def run(seed: str) -> bytes:
        command = [sys.executable, "-m", "assistant.cli", "--home", str(home), "ask", "--jsonl"]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        return subprocess.run(command, input=lines.encode(), capture_output=True, env=environment, check=True).stdout

    assert run("1") == run("2")


def test_asking_does_not_import_torch(home: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom assistant import Assistant\n"
        f"answer = Assistant.load(home=Path({str(home)!r})).ask('What does LRS do?')\n"
        "assert answer.status == 'information'\nprint(sorted(m for m in sys.modules if m in {'torch', 'transformers', 'langchain', 'gradio'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_checking_facts_needs_no_words(helper: Assistant) -> None:
    verdict = helper.check(location="on_premises", os="linux")
    assert (verdict.decision, verdict.status, verdict.missing) == ("backup", "depends", ("environment",))


def test_an_unknown_value_is_named_with_the_nearest(helper: Assistant) -> None:
    with pytest.raises(UnknownName, match=r"unknown value of os 'linus'; did you mean 'linux'\?"):
        helper.check(os="linus")


@pytest.mark.parametrize("question", ["", "   \n", "x" * 100_000, "a\x00b", "a\ud800b"])
def test_what_cannot_be_read_is_refused_politely(helper: Assistant, question: str) -> None:
    with pytest.raises(QuestionError, match="the question"):
        helper.ask(question)


def test_the_same_question_is_answered_on_other_facts(helper: Assistant) -> None:
    said = helper.ask("Can MABS protect a physical Linux server on-premises?")
    virtual = {**said.facts, "environment": ("virtual",)}
    supposed = helper.suppose(said, virtual)
    assert (said.status, supposed.status, supposed.facts, supposed.question) == (
        "not_supported",
        "supported",
        virtual,
        said.question,
    )
    assert supposed.id != said.id
    assert helper.suppose(supposed, said.facts) == said


def test_a_fact_taken_away_is_unknown_again(helper: Assistant) -> None:
    said = helper.ask("Are on-premises Linux machines supported with DPM, if they are physical?")
    less = {name: values for name, values in said.facts.items() if name != "environment"}
    assert (helper.suppose(said, less).status, helper.suppose(said, less).missing) == ("depends", ("environment",))


def test_a_supposed_value_takes_the_place_of_a_name_nobody_knows(helper: Assistant) -> None:
    said = helper.ask("Can DPM protect a virtual Solaris server on-premises?")
    assert said.status == "not_stated"
    assert helper.suppose(said, {**said.facts, "os": ("linux",)}).status == "supported"
    assert helper.suppose(said, said.facts).status == "not_stated"


def test_a_supposed_fact_must_be_known(helper: Assistant) -> None:
    said = helper.ask("Can MARS back up our on-prem Ubuntu VM?")
    with pytest.raises(UnknownName, match="unknown value of os 'beos'"):
        helper.suppose(said, {"os": ("beos",)})


def test_facts_alone_are_answered_with_their_proof(helper: Assistant) -> None:
    decided = helper.decide("backup", {"location": ("on_premises",), "os": ("linux",), "environment": ("physical",)})
    assert (decided.status, bool(decided.citations), bool(decided.findings)) == ("not_supported", True, True)
    assert helper.decide("default_redundancy", {}).status == "information"
    with pytest.raises(UnknownName, match="unknown decision 'bakup'"):
        helper.decide("bakup", {})


@pytest.mark.parametrize(
    ("turns", "status", "says"),
    [
        (("Which storage replication is the default?", "Is it recommended?"), "supported", "Yes: GRS is recommended in most cases."),
        (("Which replication is the default?", "Does it leave the geography?"), "not_supported", "No: geo-redundant storage (GRS) copies the data to another region of the same geography."),
        (("What's GRS?", "Is it the default?"), "supported", "Yes: GRS is the default storage replication."),
        (("What is Restore disk?", "Is it the quickest?"), "information", "Create a new VM is the quickest way to a running virtual machine"),
        (("What consistency do I get on a running Windows VM?", "Is it guaranteed?"), "information", "A running Windows machine whose VSS works gets an application-consistent snapshot."),
        (("We have an encrypted VM.", "Can it be restored?"), "supported", "Yes: a machine encrypted with Azure Disk Encryption can be restored as a whole"),
        (("Does MARS get installed by hand?", "And does it take Linux files from a server in our office?"), "not_supported", "No: direct backup of files from an on-premises Linux VM is not supported with MARS."),
        (("What is MARS?", "Can it back up Linux?"), "not_supported", "No: MARS is an agent for Windows files, folders and system state, so Linux machines are out."),
    ],
)  # fmt: skip
def test_it_is_what_the_answer_spoke_of(helper: Assistant, turns: tuple[str, str], status: str, says: str) -> None:
    answer = helper.ask(turns[1], after=helper.ask(turns[0]))
    assert (answer.status, answer.text[: len(says)]) == (status, says)


@pytest.mark.parametrize(
    ("question", "choice"),
    [
        ("Which of these is not a level of consistency in the notes?\na: crash consistent\nb: file system consistent\nc: network consistent\nd: application consistent", ("C",)),
        ("Which of these go away with Azure Backup? a) maintaining it b) upgrading it c) patching it d) all of the above", ("D",)),
        ("What is the longest time for which Azure Backup lets you keep your data? A) 30 days B) 1 year C) 10 years D) None of the above", ("D",)),
        ("A differential SQL backup picks up what has changed since when?\nA) since the last transaction log backup\nB) since the last differential backup\nC) since the database was created\nD) since the last full backup", ("D",)),
        ("Does SQL Server on a Linux box work together with Azure Backup at present?\nA) No, because SQL Server on Linux is not integrated with Azure Backup\nB) No, because SQL Server is not supported on any system\nC) Yes, because the workload extension runs everywhere", ("A",)),
        ("Which statement about geo-redundant storage is FALSE?\nA. It is the default\nB. It copies the data to another region of the same geography\nC. It keeps the data in one region only", ("C",)),
        ("One of these sentences about a crash-consistent backup is false. Which?\nA) It typically comes from a machine that was shut down\nB) It guarantees that the apps are consistent\nC) It does not capture memory contents", ("B",)),
    ],
)  # fmt: skip
def test_options_that_reason_refer_or_sum_up(helper: Assistant, question: str, choice: tuple[str, ...]) -> None:
    assert helper.ask(question).choice == choice


@pytest.mark.parametrize(("lets", "status"), [("doesn't let", "not_supported"), ("lets", "supported")])
def test_what_somebody_learned_is_judged(helper: Assistant, lets: str, status: str) -> None:
    question = (
        f"I have learned that Create a new VM {lets} you pick the virtual network beforehand. Is what I learned true?"
    )
    assert helper.ask(question).status == status
