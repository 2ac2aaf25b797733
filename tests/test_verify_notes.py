"""Notes, fragments and clauses that lean: what is read for itself, and what is left alone rather than guessed."""

from __future__ import annotations

import pytest

from assistant.engine import Assistant
from assistant.sentences import sentences


def standings(helper: Assistant, text: str) -> list[str]:
    return [c.standing for c in helper.verify(text).claims]


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("LRS – 3 copies, 1 region GRS – 3 copies, 3 regions Default: GRS", ["LRS – 3 copies, 1 region", "GRS – 3 copies, 3 regions", "Default: GRS"]),
        ("• ADE: whole VM OK • ADE: no Replace existing", ["ADE: whole VM OK", "ADE: no Replace existing"]),
        ("- SQL on Windows: fine - SQL on Linux: not yet", ["SQL on Windows: fine", "SQL on Linux: not yet"]),
        ("a deleted folder = azure backup, a lost site = site recovery", ["a deleted folder = azure backup,", "a lost site = site recovery"]),
        ("Azure / Linux / entire VM → extension Azure / Windows / files → MARS", ["Azure / Linux / entire VM → extension", "Azure / Windows / files → MARS"]),
        ("Site Recovery → failover, Azure Backup → files", ["Site Recovery → failover,", "Azure Backup → files"]),
        # one note alone, a word that goes on, and a name that only holds a mark
        ("Note: for Windows: use MARS.", ["Note: for Windows: use MARS."]),
        ("Failover of a site = Site Recovery. Azure Backup = files.", ["Failover of a site = Site Recovery.", "Azure Backup = files."]),
        ("MARS backs up files - not volumes.", ["MARS backs up files - not volumes."]),
    ],
)  # fmt: skip
def test_notes_in_one_line_are_read_one_by_one(text: str, notes: list[str]) -> None:
    assert [text[s.start : s.end] for s in sentences(text)] == notes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # a reason has denials of its own
        ("Backups of our Azure VMs are left unencrypted as they never leave the platform.", ["contradicted", "not_covered"]),
        ("The extension is the simplest way for Azure VMs as nothing else is needed.", ["proven", "not_covered"]),
        # "just no" sets off what is denied alone
        ("Encrypted VMs do allow folder-level restores, just no file-level ones.", ["contradicted", "proven"]),
        ("MARS backs up on-premises Windows files, just no volumes.", ["proven", "proven"]),
        # a note and what is said of it
        ("KEK = optional extra layer, it encrypts the backup data.", ["proven", "contradicted"]),
        # yes and no behind each thing
        ("Encrypted VM: Replace existing yes, file-level restore no.", ["contradicted", "proven"]),
        # "logs" is a noun where no object follows
        ("Differentials hang off the most recent full backup. Logs give you point-in-time.", ["proven", "proven"]),
    ],
)  # fmt: skip
def test_a_clause_denies_for_itself_alone(helper: Assistant, text: str, expected: list[str]) -> None:
    assert standings(helper, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # what is denied is the subject itself
        ("For encrypted VMs there is no Replace existing.", ["proven"]),
        ("For unencrypted managed VMs there is no Replace existing.", ["contradicted"]),
        # "the agent" is one of several and nobody said which
        ("The agent is app-aware on Windows hosts outside Azure.", ["not_covered"]),
        ("On Linux it is app-aware.", ["not_covered"]),
        # who only repeats the mistake of the sentence before says nothing new; who adds to it is judged
        ("The VM extension backs up on-premises SQL databases. It can be found on Windows.", ["contradicted", "not_covered"]),
        # borrowed, a claim is called wrong only when it was read
        ("Local Windows VMs are fine with MABS. It costs us about 10 dollars per protected instance.", ["proven", "not_covered"]),
        ("GRS keeps data in a second region. The second region for us is North Europe.", ["proven", "not_covered"]),
        ("MARS resizes files on a Windows server.", ["not_covered"]),
        ("GRS is always the right choice.", ["not_covered"]),
        ("MARS needs to be installed on every Azure VM.", ["not_covered"]),
        ("A crash-consistent backup misses what is in the memory.", ["proven"]),
        ("MABS shares the app data of on-premises Windows VMs.", ["not_covered"]),
        ("The VM extension backs up a Windows VM in Azure manually.", ["not_covered"]),
        ("Create a new VM restores a VM to another region.", ["not_covered"]),
        ("- local tin: nothing\n- Azure VM: the extension", ["not_covered", "proven"]),
    ],
)  # fmt: skip
def test_what_is_not_said_is_not_guessed(helper: Assistant, text: str, expected: list[str]) -> None:
    assert standings(helper, text) == expected


def test_words_without_a_verb_set_the_scene(helper: Assistant) -> None:
    assert standings(helper, "On-prem Linux. Physical: MABS, volumes.")[-1] == "contradicted"
    assert standings(helper, "On-prem Windows. Physical: MABS, volumes.")[-1] == "proven"


@pytest.mark.parametrize(
    ("text", "standing"),
    [
        # a "yes" that no rule speaks of in some corner is not refuted
        ("The workload extension covers PostgreSQL as well.", "not_covered"),
        # not done until, and kept until
        ("The snapshot isn't transferred to the vault until the extension is installed.", "proven"),
        ("The recovery point isn't created until the snapshot has been transferred.", "proven"),
        ("The snapshot stays until the transfer is done.", "proven"),
        ("What MABS has backed up stays with MABS until MARS is installed.", "not_covered"),
        # a phrase that denies denies its subject too
        ("Patching the service is not your concern.", "proven"),
        ("Patching the service is your concern.", "contradicted"),
        # a longer reading of one fact goes before a shorter
        ("On Windows the extension is called VMSnapshot and on Linux VMSnapshotLinux.", "proven"),
        ("On Windows the extension is called VMSnapshotLinux and on Linux VMSnapshot.", "contradicted"),
        # what applications do after a restore is not what the service does with snapshots
        ("The apps must tidy up after themselves when they start.", "not_covered"),
        # what a rule denies of a case, no description of the thing denies
        ("On an encrypted VM, swapping the disk with Replace existing isn't possible.", "proven"),
        ("On an unencrypted managed VM, swapping the disk with Replace existing isn't possible.", "contradicted"),
        # who does it, and of which backup
        ("The snapshot is deleted by the admin.", "contradicted"),
        ("The first backup of a VM sends only the changed blocks.", "contradicted"),
        ("Retention stops at ten years.", "contradicted"),
        # the order of steps in other words
        ("First comes MARS on the DPM server, and only after that the protection agents are put on the machines.", "contradicted"),
        ("With DPM, machines are backed up to local storage first and to a vault afterwards.", "proven"),
        # "never" and "nothing but" as contrast and bound
        ("Linux VMs on-premises: DPM or MABS, never MARS.", "proven"),
        ("Azure Backup covers nothing but Azure VMs.", "contradicted"),
        ("System state of Windows machines is beyond MARS.", "contradicted"),
        ("MARS leaves system state of Windows machines out.", "contradicted"),
        ("MARS keeps Windows files, folders and system state out of its backups.", "contradicted"),
        ("The retention policy can go beyond ten years.", "proven"),
        ("Unless the VM is stopped, the restore fails.", "proven"),
        # one night's figure is no rule
        ("The transfer of last night took 3 hours.", "not_covered"),
        # a greeting is no part of a claim
        ("Hi Jens, GRS is the default.", "proven"),
        # "only", of several words
        ("Nobody but MABS and DPM makes app-aware backups.", "proven"),
        ("Nobody but DPM makes app-aware backups.", "contradicted"),
        ("App-aware backups are restricted to MABS and DPM.", "proven"),
        ("App-aware backups are the preserve of DPM.", "contradicted"),
    ],
)  # fmt: skip
def test_a_reading_fails_towards_not_covered(helper: Assistant, text: str, standing: str) -> None:
    assert standings(helper, text) == [standing]


@pytest.mark.parametrize(
    ("text", "standing", "quote"),
    [
        ("MARS stands for Microsoft Azure Recovery Services.", "proven", "- **Microsoft Azure Recovery Services (MARS) agent**: not app-aware."),
        ("DPM is short for System Center Data Protection Manager.", "proven", "- **System Center Data Protection Manager (DPM)**: app-aware."),
        ("VSS stands for Volume Shadow Copy Service.", "proven", ""),
        ("LRS means long-term redundant storage.", "contradicted", "- **Locally redundant storage (LRS)** keeps three copies of the data within one region."),
        ("LRS stands for geo-redundant storage.", "contradicted", ""),
        ("MARS stands for Managed Azure Replication Service.", "contradicted", ""),
        # neither its letters nor another's words
        ("MARS stands for peace of mind.", "not_covered", ""),
    ],
)  # fmt: skip
def test_a_short_name_is_spelled_out_as_the_documents_do(
    helper: Assistant, text: str, standing: str, quote: str
) -> None:
    claim = helper.verify(text).claims[0]
    assert claim.standing == standing
    assert not quote or [f"- {c.quote}" for c in claim.citations] == [quote]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # the verb stands behind what is only inserted
        ("A mixed set-up, part of the data on-premises and part in the cloud, is not possible.", ["contradicted"]),
        ("MARS, when used on an on-premises Windows server, has it too.", ["not_covered"]),
        ("The first backup, too, only copies changed blocks.", ["contradicted"]),
        # "none" answers what stands before it
        ("Limit on retention: none.", ["proven"]),
        ("Patches to install for the service: none.", ["proven"]),
        # a contrast is over where somebody speaks
        ("Where files were damaged rather than a whole site lost, we use Azure Backup.", ["proven"]),
        # beside "other" what stands apart is only one more
        ("Apart from SQL the MABS agent backs up other application services.", ["proven"]),
        ("Apart from MABS and DPM, no tool makes app-aware backups.", ["proven"]),
        # "without" ends at "with"
        ("Only machines without encryption and with managed disks may use Replace existing.", ["proven"]),
        ("Only machines without managed disks may use Replace existing.", ["contradicted"]),
        # two steps behind a "then" that stands last tell no order
        ("On transfer the service first deletes the snapshot, then starts copying.", ["contradicted"]),
        # where backups stay without MARS
        ("Without MARS, MABS backups remain on the server.", ["proven"]),
        ("MABS backups stay on the server even with MARS.", ["contradicted"]),
        # a bound is no count
        ("The disks of a VM are backed up in parallel, at most two at the same time.", ["contradicted"]),
    ],
)  # fmt: skip
def test_a_turn_of_phrase_is_no_mistake(helper: Assistant, text: str, expected: list[str]) -> None:
    assert standings(helper, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # a slash between two statements parts them; between two things it does not
        ("default is LRS / they advise GRS most of the time", ["contradicted", "proven"]),
        ("MARS backs up files / folders on Windows", ["proven"]),
        # each says something of its own system, and a case opens a statement of its own
        ("Linux machines get VMSnapshot, Windows uses VMSnapshot", ["contradicted", "proven"]),
        ("On Linux you have to write scripts for each app if you want its state and if they break, the backup ends up crash consistent.", ["proven", "contradicted"]),
        # what one is told to do is the case of which the outcome is said
        ("Put the VHD in a different location from the vault and the restore is billed twice.", ["not_covered", "not_covered"]),
        ("Leave the VM running and the restore fails.", ["proven"]),
        # a duty that is lifted says nothing of what can be done
        ("MARS takes files of on-premises Windows machines, there's no need to recover the machine in full.", ["proven", "not_covered"]),
        ("You don't have to use DPM to back up volumes of on-premises Windows VMs.", ["not_covered"]),
        ("No need to use MARS for on-premises Windows files.", ["not_covered"]),
        # "everything on it" is about its parts, not about every case
        ("Application consistent = the machine and everything running on it is coherent.", ["proven"]),
        # an aim that cannot be reached directly, and the way to it
        ("To fish one document out of an encrypted VM, bring back the machine in full and copy the document across yourself.", ["proven"]),
        ("To get single files of an encrypted VM, mount the recovery point.", ["contradicted"]),
        # a phrase that denies within a shorter one
        ("Servers in our own datacenter are out of reach for Azure Backup.", ["contradicted"]),
        # the answer to what comes first says that it comes first
        ("Q: What's the very first thing a backup job does on an Azure VM?\nA: It transfers the snapshot to the vault.", ["not_covered"]),
        # a cell that says nothing denies nothing
        ("| Option | Where | Copies |\n|---|---|---|\n| GRS | a region in another geography | not given |", ["contradicted"]),
        # of the machine that was told of it is not wrong
        ("On-prem Debian VM. MARS is of no use for its files.", ["not_covered", "proven"]),
        ("On-prem Windows VM. MARS is of no use for its files.", ["not_covered", "contradicted"]),
    ],
)  # fmt: skip
def test_nothing_true_is_called_wrong(helper: Assistant, text: str, expected: list[str]) -> None:
    assert standings(helper, text) == expected


def test_a_cell_of_a_crossed_table_speaks_of_its_column(helper: Assistant) -> None:
    table = "|  | Windows | Linux |\n|---|---|---|\n| name | {} | {} |"
    assert standings(helper, table.format("VMSnapshot", "VMSnapshotLinux")) == ["proven", "proven"]
    assert standings(helper, table.format("VMSnapshotLinux", "VMSnapshot")) == ["contradicted", "contradicted"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # what a label calls a statement is no part of it
        ("Second footnote: GRS is the default.", ["proven"]),
        ("Accepted answer (score 12): GRS is the default.", ["proven"]),
        ("Cell B4: LRS keeps five copies.", ["contradicted"]),
        ("Retention limit: none.", ["proven"]),
        ("Default redundancy: LRS.", ["contradicted"]),
        # nor who said it, nor the mark before it
        ("GRS is the default, said the elder.", ["proven"]),
        ("LRS keeps five copies, replied the intern.", ["contradicted"]),
        ("☐ GRS is the default.", ["proven"]),
        ("a. GRS is the default.\nb. LRS keeps five copies.", ["proven", "contradicted"]),
        ("<kim> GRS is the default.", ["proven"]),
    ],
)
def test_a_label_claims_nothing(helper: Assistant, text: str, expected: list[str]) -> None:
    assert standings(helper, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("With geo-replicated storage a copy lies in another region.", ["proven"]),
        ("Swapping the disk of a VM works on unmanaged machines.", ["contradicted"]),
        ("From the Recovery Services client to the vault nothing is sent directly.", ["contradicted"]),
    ],
)
def test_a_value_in_any_words_is_what_a_fact_is_about(helper: Assistant, text: str, expected: list[str]) -> None:
    assert standings(helper, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The module consists of seven units.", ["proven"]),
        ("The course has eight units.", ["contradicted"]),
        ("Two of the module's seven units are exercises.", ["proven"]),
        ("Restoring has no exercise of its own.", ["contradicted"]),
        ("The module begins with an introduction.", ["proven"]),
        ("The module ends with an exercise.", ["contradicted"]),
        ("The protection matrix linked in the summary is that of MABS.", ["proven"]),
        ("The protection matrix linked in the summary is that of DPM.", ["contradicted"]),
        # a verb that denies is no part of the value's name
        ("Microsoft advises against GRS.", ["contradicted"]),
        ("Microsoft discourages GRS.", ["contradicted"]),
        ("If you choose nothing, you get GRS.", ["proven"]),
        # "note" is no "not"
        ("Transaction logs note the latest additions and removals.", ["proven"]),
        ("A running VM can't be restored, you get an error.", ["proven"]),
    ],
)
def test_the_module_is_a_stated_fact_and_verbs_deny(helper: Assistant, text: str, expected: list[str]) -> None:
    assert standings(helper, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Every Linux machine, be it virtual or physical, can be protected with DPM on-premises.", ["contradicted"]),
        ("Whoever reads it with authorization, be it a person or a service, gets the data decrypted.", ["proven"]),
        ("An authorized person gets the data decrypted and nobody but a person may do so, never a service.", ["proven", "contradicted"]),
        ("Protection has to be kicked off by hand every time.", ["contradicted"]),
        ("When the site is under water, Azure Backup fails you over.", ["contradicted"]),
        ("A wiped folder is a job for Azure Site Recovery.", ["contradicted"]),
        ("Space in Azure is sold as a flat yearly subscription.", ["contradicted"]),
        ("Microsoft charges nothing for disks that you own on-premises.", ["proven"]),
        ("The data you pull out of Azure is capped at ten percent.", ["contradicted"]),
        ("The service deletes everything after five years irrespective of the policy.", ["contradicted"]),
        ("Short-term copies aren't possible.", ["contradicted"]),
        ("At rest the data lies open.", ["contradicted"]),
        ("Besides LRS and GRS there is a third kind of replication.", ["contradicted"]),
        ("Geo-redundancy is opt-in only.", ["contradicted"]),
        ("With authorization, only a service gets the data decrypted.", ["contradicted"]),
        ("Unlike GRS, LRS stays in one region.", ["not_covered"]),
        ("Restore disk swaps the disk of an existing VM.", ["not_covered"]),
        ("You stop the VM after the restore.", ["not_covered"]),
        ("The extension needs no manual installation; MARS does.", ["proven", "proven"]),
        # backup servers and agents
        ("The first stop of a DPM backup is the local storage of the server.", ["proven"]),
        ("DPM reaches its clients agentless.", ["contradicted"]),
        ("The MABS agent isn't confined to SQL.", ["proven"]),
        ("The MABS agent is confined to SQL.", ["contradicted"]),
        ("Not only SQL is backed up by the MABS agent.", ["proven"]),
        ("MARS and the extension exclude each other on an Azure VM.", ["contradicted"]),
        # SQL Server
        ("The differential is based on the latest log backup.", ["contradicted"]),
        ("Without recent logs there's no up-to-date restore.", ["proven"]),
        # snapshots and consistency
        ("Windows: a plain copy of the disk without VSS.", ["contradicted"]),
        ("Application consistency leaves pending I/O aside.", ["contradicted"]),
        ("Nobody vouches for the OS in a crash-consistent copy.", ["proven"]),
        ("Shutting a VM down always gives complete consistency.", ["contradicted"]),
        # restores
        ("Replace existing swaps the entire virtual machine for a new one.", ["contradicted"]),
        ("You may hang the restored disk onto a machine you already have.", ["proven"]),
        ("The VHD lands inside the vault.", ["contradicted"]),
        ("After a botched OS update, Replace existing is what you want.", ["proven"]),
        ("The disk's secrets sit in the Recovery Services vault.", ["contradicted"]),
        ("From encrypted VMs you can't get single files directly, only by restoring the whole machine.", ["proven"]),
        ("If you forget to stop the machine before a restore, Azure stops it for you.", ["contradicted"]),
    ],
)  # fmt: skip
def test_the_same_facts_in_everyday_words(helper: Assistant, text: str, expected: list[str]) -> None:
    assert standings(helper, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # a name of several words is no verb: what stands under it is said of it
        ("Replace existing\n- supports encrypted managed VMs only", ["not_covered", "contradicted"]),
        ("Replace existing\n- supports unencrypted managed VMs only", ["not_covered", "proven"]),
        ("Restore disk\n- copies the VHD to a storage account of your choice", ["not_covered", "proven"]),
        # who points back speaks of the machine that was told of
        ("There is a physical Windows server on-premises. MARS backs up its folders.", ["not_covered", "proven"]),
        ("There is a physical Linux server on-premises. DPM backs up its folders.", ["not_covered", "contradicted"]),
        ("The Linux VMs run on-premises. For the volumes on those there is DPM.", ["not_covered", "proven"]),
        # what is done stands in another sentence
        ("Create a new VM lets you choose the name. It does so after the new VM has been created.", ["proven", "contradicted"]),
    ],
)  # fmt: skip
def test_what_was_told_before_is_meant(helper: Assistant, text: str, expected: list[str]) -> None:
    assert standings(helper, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "It isn't true that Azure Backup only saves.",
        "Azure Backup does not fail over a site when it burns.",
        "A single disk is not too small a unit for Azure Backup.",
        "Site Recovery is not what you reach for when somebody wiped a folder.",
        "Downloads from Azure aren't capped at a percentage of your data.",
        "Both short-term and long-term copies are possible.",
        "Not only a person but also a service may read the data decrypted.",
        "LRS has no copy outside its region.",
        "GRS does not use LRS in the primary region only.",
        "MARS does not belong on the clients of DPM but on the DPM server.",
        "The transport from DPM to the vault isn't done by the VM extension.",
        "Exchange and SharePoint aren't left out.",
        "MARS doesn't stop at files, it takes folders and system state too.",
        "MARS doesn't need a backup server to reach the vault.",
        "The differential isn't based on the latest log backup.",
        "VMSnapshotLinux needn't be downloaded from the portal.",
        "File-system-consistent restores do not leave the machine corrupted.",
        "The vault does not leave out hybrid scenarios.",
        "The first backup isn't limited to changed blocks.",
        "Azure doesn't pick the storage account for the VHD.",
        "The portal doesn't lack a template.",
        "The snapshot isn't thrown away once the disk is attached.",
        "Unmanaged machines aren't fine for Replace existing.",
        "Azure Disk Encryption doesn't keep a VM from being backed up.",
        "Azure does not stop the VM for you before a restore.",
        "Refusal comes with an error if the VM is running during the restore.",
    ],
)
def test_a_falsehood_denied_is_not_called_wrong(helper: Assistant, text: str) -> None:
    assert "contradicted" not in standings(helper, text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MABS – Microsoft Azure Backup Server", ["proven"]),
        ("MARS = Microsoft Azure Replication Service", ["contradicted"]),
        ("DPM: System Center Data Protection Manager", ["proven"]),
        # words that only begin with its letters
        ("DPM does protect machines", ["not_covered"]),
        ("MARS: manually, at restore servers", ["not_covered"]),
    ],
)
def test_a_glossary_spells_names_out(helper: Assistant, text: str, expected: list[str]) -> None:
    assert standings(helper, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "The transfer of our first backup took three hours.",
        "We paid a flat yearly price for our own NAS.",
        "Our policy deletes recovery points after 30 days.",
        "Our course had five units and one exam.",
        "We use one script for all our Linux servers.",
        "The old VM was deleted after the restore.",
        "The audit wants backups kept for ten years.",
        "Our boss pays for storage in Azure in advance.",
    ],
)
def test_what_became_of_the_speaker_is_no_claim(helper: Assistant, text: str) -> None:
    assert standings(helper, text) == ["not_covered"]
