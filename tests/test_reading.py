"""What questions are understood to say and to ask."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.conversation import Context
from assistant.engine import shipped
from assistant.errors import QuestionError
from assistant.pack import load
from assistant.reading import Reader
from assistant.types import Reading

PACK = load(shipped())
READER = Reader(PACK)


def facts(reading: Reading) -> dict[str, tuple[str, ...]]:
    return dict(reading.scenarios[0].facts)


def turns(*questions: str, asked: str | None = None) -> Reading:
    reading = READER.read(questions[0])
    for question in questions[1:]:
        reading = READER.read(question, Context(reading, asked))
    return reading


LINUX_VM = {"location": ("on_premises",), "environment": ("virtual",), "os": ("linux",)}


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Can MARS back up our on-prem Ubuntu VM?", {**LINUX_VM, "tool": ("mars",)}),
        ("can mars bakcup lunix on prem", {"location": ("on_premises",), "os": ("linux",), "tool": ("mars",)}),
        ("Does DPM do it for Debian guests on VMware?", {**LINUX_VM, "tool": ("dpm",)}),
        ("Is an Azure VM supported?", {"location": ("azure",), "environment": ("virtual",)}),
        ("Does the backup to Azure work for Windows?", {"os": ("windows",)}),
        ("Not a physical box, it's a Linux VM on our own VMware. Does DPM do it?", {**LINUX_VM, "tool": ("dpm",)}),
        ("Does it work for Windows but not Linux machines on-prem?", {"location": ("on_premises",), "os": ("windows",)}),
        ("Can I restore a VM that is not encrypted?", {"environment": ("virtual",), "encryption": ("unencrypted",)}),
        ("On-prem Linux, sorry, I mean Windows: can DPM do it?", {"location": ("on_premises",), "os": ("windows",), "tool": ("dpm",)}),
        ("Can a machine that is neither encrypted nor unmanaged use Replace existing?",
         {"encryption": ("unencrypted",), "disk_type": ("managed",), "restore_option": ("replace_existing",)}),
        ("Can MARS save files of a real server in our loft that runs win2k19?",
         {"location": ("on_premises",), "environment": ("physical",), "os": ("windows",), "tool": ("mars",), "level": ("files_folders",)}),
        ("Can I roll the box back while it keeps going?", {"power": ("running",), "restore_option": ("replace_existing",)}),
        ("Our distro was spun down at the time of the backup. Which consistency?", {"os": ("linux",), "power": ("stopped",)}),
        ("VSS fell over during the backup, what consistency do I get?", {"os": ("windows",), "capture_hook": ("failed",)}),
        ("The VM is on Azure, can MARS do it?", {"location": ("azure",), "environment": ("virtual",), "tool": ("mars",)}),
        ("The machine is on premises, can MARS do it?", {"location": ("on_premises",), "tool": ("mars",)}),
    ],
)  # fmt: skip
def test_facts_are_read_from_the_words(question: str, expected: dict[str, tuple[str, ...]]) -> None:
    assert facts(READER.read(question)) == expected


@pytest.mark.parametrize(
    ("question", "claim"),
    [
        ("My notes say that MARS is app-aware. Did I copy that down correctly?", "my notes say that mars is app aware ."),
        ('"MARS backs up Linux." Would an examiner accept this sentence?', "mars backs up linux ."),
        ("'MABS moves its backups into the vault without MARS' -- valid sentence for our wiki?", "mabs moves its backups into the vault without mars"),
    ],
)  # fmt: skip
def test_what_is_only_to_be_judged_is_the_claim(question: str, claim: str) -> None:
    reading = READER.read(question)
    assert (reading.kind, " ".join(reading.focus)) == ("claim", claim)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Can I use Replace existing unless the VM is encrypted?", [("unencrypted",)]),
        ("One VM is encrypted, the other is not. For which can I use Replace existing?", [("encrypted",), ("unencrypted",)]),
        ("The VM was encrypted, now it is not. Can I use Replace existing?", [("encrypted",)]),
        ("There is a rumour that the disks are encrypted, but nobody can confirm it. Replace existing?", [("encrypted", "unencrypted")]),
        ("Is it encrypted as on the other machine? Replace existing?", [("encrypted",)]),
    ],
)  # fmt: skip
def test_exceptions_other_machines_and_rumours(question: str, expected: list[tuple[str, ...]]) -> None:
    assert [s.facts.get("encryption") for s in READER.read(question).scenarios] == expected


def test_a_choice_that_somebody_made_is_open() -> None:
    assert READER.read(
        "Nobody remembers whether we ticked LRS or GRS. Do we survive the loss of a region?"
    ).doubted == ("redundancy",)
    assert READER.read(
        "I could not tell you which storage type we have. Do we survive the loss of a region?"
    ).doubted == ("redundancy",)
    assert READER.read("Not sure which storage type to pick. Do we survive the loss of a region?").doubted == ()


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("Do MARS and MABS both back up Linux?", "tool"),
        ("Can MARS back up files as well as volumes?", "level"),
        ("Can MARS or MABS back up Linux?", None),
        ("Is the machine on premises and Windows?", None),
    ],
)
def test_what_is_asked_about_together_is_told_from_alternatives(question: str, name: str | None) -> None:
    assert READER.read(question).jointly == name


@pytest.mark.parametrize(
    ("question", "unheard"),
    [
        ("Can Frobnicator back up Linux VMs?", ("frobnicator",)),
        ("Can the Zyxxel agent protect a Windows VM in Azure?", ("zyxxel",)),
        ("Can we back up Linux VMs?", ()),
        ("Can MARS protect srv2 in our hall?", ()),
    ],
)
def test_a_name_that_nobody_has_heard_of_is_no_other_tool(question: str, unheard: tuple[str, ...]) -> None:
    assert READER.read(question).unheard == unheard


def test_what_is_set_beside_for_comparison_is_no_second_machine() -> None:
    reading = READER.read("Is the Linux VM app-aware as on Windows with the extension?")
    assert [s.facts["os"] for s in reading.scenarios] == [("linux",)]


def test_a_subject_that_is_left_out_is_no_silence() -> None:
    assert READER.read("Which restore option do I take, nothing about prices please?").silence is None
    assert READER.read("Which restore option has which price?").silence == "prices"


def test_another_subject_beside_ours_says_nothing() -> None:
    assert READER.read("Give me a recipe for getting MABS backups into the vault.").unheard == ()
    assert READER.read("Give me a recipe for pancakes.").foreign


def test_the_other_of_two_values_is_not_another_thing() -> None:
    assert facts(turns("Does GRS leave the geography?", "And the other kind?"))["redundancy"] == ("lrs",)
    assert facts(turns("Does GRS leave the geography?", "So the other region is in it too?"))["redundancy"] == ("grs",)


def test_the_noun_of_a_value_asks_for_it() -> None:
    assert READER.read("Linux VM in Azure, no scripts. Level of consistency?").kind == "value"
    assert READER.read("Linux VM in Azure, no scripts. Application consistent?").kind == "capability"


@pytest.mark.parametrize(
    ("question", "unknown"),
    [
        ("He has not told me whether it is hardware or a guest. Can DPM protect the Linux server?", "environment"),
        ("I do not know yet if that server is virtual. Can DPM save it?", "environment"),
        ("It may or may not be encrypted. Can I use Replace existing?", "encryption"),
        ("Is the snapshot application consistent? Someone said it might be switched off.", "power"),
        ("Nobody has told us if the disks are managed. Is Replace existing an option?", "disk_type"),
    ],
)
def test_what_nobody_knows_stays_open(question: str, unknown: str) -> None:
    names = READER.pack.dimensions[unknown].names
    assert facts(READER.read(question)).get(unknown, names) == names


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Neither encrypted nor unmanaged, and stopped since Friday: does Replace existing work?",
         {"encryption": ("unencrypted",), "disk_type": ("managed",), "power": ("stopped",), "restore_option": ("replace_existing",)}),
        ("Nobody ever encrypted it. Can I use Replace existing?",
         {"encryption": ("unencrypted",), "restore_option": ("replace_existing",)}),
        ("Without the MARS agent on the DPM server, does the data get to the vault?",
         {"tool": ("dpm",), "mars_on_server": ("no",)}),
    ],
)  # fmt: skip
def test_a_denial_ends_where_it_ends(question: str, expected: dict[str, tuple[str, ...]]) -> None:
    assert facts(READER.read(question)) == expected


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("To where is the virtual hard disk copied in the course of Restore disk?", "explain"),
        ("Access rights on backups are managed where?", "explain"),
        ("For what reason was my attempt to use Replace existing rejected?", "explain"),
        ("Fill in the blank: LRS keeps ___ copies of the data.", "explain"),
        ("Homework says: describe what a full SQL backup contains.", "explain"),
        ("crash consistent", "explain"),
        ("MARS is not app-aware. Is Tom right?", "claim"),
        ("Ann said that MABS is app-aware. Did she get that right?", "claim"),
        ("Is MARS right for a Linux server?", "capability"),
    ],
)
def test_what_is_wanted_shows_in_many_forms(question: str, kind: str) -> None:
    assert READER.read(question).kind == kind


def test_misspelled_words_are_searched_for_as_they_were_understood() -> None:
    asked = READER.read("how long may a snapshto take to the valut")
    assert asked.topic == "how long may a snapshot take to the vault"


@pytest.mark.parametrize(
    ("question", "silence"),
    [
        ("Does DPM write to tape?", "tape"),
        ("Are the backups deduplicated?", "compression"),
        ("Can MABS protect an availability group?", "clusters"),
        ("Which button starts the restore?", "portal"),
        ("Who do I call when it breaks?", "support"),
        ("Can I restore a single mailbox?", "items"),
        ("How do I verify my backups?", "verification"),
        ("Does it do GFS?", "gfs"),
        ("Is the data encrypted in transit?", "networking"),
        ("What happens step by step?", None),
    ],
)
def test_what_the_documents_are_silent_about_is_known(question: str, silence: str | None) -> None:
    assert READER.read(question).silence == silence


def test_words_that_may_be_said_in_passing_are_kept_apart() -> None:
    read = READER.read("Do we pay for restores of 40 VMs?")
    assert (read.silence, read.aside) == (None, "prices-aside")
    assert READER.read("Can one vault take 500 machines?").aside == "numbers-of-things"


def test_a_bare_question_for_a_level_is_about_tools() -> None:
    read = READER.read("Which one for volumes?")
    assert (read.kind, read.decision) == ("which", "backup")


def test_what_is_told_of_the_own_machine_after_our_question_is_no_claim() -> None:
    told = turns("Can I get a single file back?", "The VM was backed up with the extension only.", asked="encryption")
    assert (told.kind, told.decision) == ("capability", "restore")
    assert facts(told)["tool"] == ("vm_extension",)


def test_a_plan_in_prose_pairs_each_machine_with_what_it_gets() -> None:
    read = READER.read(
        "The two physical Windows servers get MARS for folders, the Linux VMs on VMware (app data incl. MySQL) get MABS, "
        "and the physical Red Hat box gets DPM. Fine?"
    )
    assert [(s.label, dict(s.facts)) for s in read.scenarios] == [
        (
            "physical, Windows",
            {"environment": ("physical",), "os": ("windows",), "level": ("files_folders",), "tool": ("mars",)},
        ),
        (
            "virtual, Linux",
            {**LINUX_VM, "level": ("app_data",), "tool": ("mabs",), "workload": ("other_app",)},
        ),
        ("physical, Linux", {"environment": ("physical",), "os": ("linux",), "tool": ("dpm",)}),
    ]
    shared = READER.read("Windows servers and Linux servers on-prem with MARS, both physical. Fine?")
    assert [s.facts["tool"] for s in shared.scenarios] == [("mars",), ("mars",)]


def test_what_cannot_be_one_machine_is_two() -> None:
    read = READER.read("We have physical Windows servers and an encrypted VM in Azure. Can DPM protect volumes?")
    wanted = {"level": ("volumes",), "tool": ("dpm",)}
    assert [(s.label, dict(s.facts)) for s in read.scenarios] == [
        ("physical, Windows", {**wanted, "environment": ("physical",), "os": ("windows",)}),
        ("in Azure, encrypted", {**wanted, "location": ("azure",), "encryption": ("encrypted",)}),
    ]
    assert len(READER.read("Can MARS protect a physical server in Azure?").scenarios) == 1


def test_and_is_not_denies_what_is_told_and_asks_what_is_asked() -> None:
    told = READER.read("Our VM was backed up with MARS and isn't encrypted. Can I get a folder back?")
    assert facts(told)["encryption"] == ("unencrypted",)
    assert facts(READER.read("The disks are managed but aren't encrypted."))["encryption"] == ("unencrypted",)
    assert facts(READER.read("MARS backs up Windows and isn't GRS the default?"))["redundancy"] == ("grs",)


def test_a_remark_about_people_leaves_the_question_as_it_was() -> None:
    asked = "What's guaranteed for the operating system after a crash-consistent restore?"
    assert turns(asked, "the customer's lawyer is asking, I kid you not") == READER.read(asked)
    assert turns(asked, "The weather is nice today, isn't it?") != READER.read(asked)


def test_who_thanks_may_go_on() -> None:
    assert turns("Can MARS back up on-prem Linux VMs?", "ok thanks").foreign
    on = turns("Can MARS back up on-prem Linux VMs?", "ok thanks", "And DPM?")
    assert (on.foreign, facts(on)) == (False, {**LINUX_VM, "tool": ("dpm",)})


def test_a_third_is_set_beside_those_that_were_compared() -> None:
    assert turns("Compare MARS and MABS.", "And DPM?").compared == ("mars", "mabs", "dpm")


def test_what_else_asks_for_the_others() -> None:
    read = turns("Can I use Replace existing for an encrypted VM?", "What else?")
    assert (read.kind, read.asked, "restore_option" in facts(read)) == ("which", "restore_option", False)


def test_a_no_that_answers_denies_nothing() -> None:
    assert not turns("Can MABS back up our physical Debian?", "No, I meant a VM.").negative
    assert turns("Can MABS back up our physical Debian?", "No tool can.").negative


def test_what_is_only_hinted_at_is_not_denied() -> None:
    assert facts(READER.read("Can MARS back up a server that is not a domain controller?")) == {"tool": ("mars",)}
    assert facts(READER.read("Can MARS back up our domain controller?")) == {"tool": ("mars",), "os": ("windows",)}


@pytest.mark.parametrize(
    ("question", "kind", "decision"),
    [
        ("Can MARS back up Linux?", "capability", "backup"),
        ("MARS does Linux, right?", "claim", "backup"),
        ("Which tool backs up volumes on a physical Windows server?", "which", "backup"),
        ("What is the difference between MABS and DPM?", "compare", None),
        ("Does MARS need a backup server?", "explain", "backup"),
        ("Which consistency does a Windows VM get?", "value", "consistency"),
        ("If the VM is encrypted, can I use Replace existing?", "capability", "restore"),
        ("How long does the transfer take?", "explain", None),
    ],
)
def test_the_kind_of_a_question_and_what_it_decides(question: str, kind: str, decision: str | None) -> None:
    reading = READER.read(question)
    assert (reading.kind, reading.decision) == (kind, decision)


@pytest.mark.parametrize(
    "question",
    [
        "Windows VM with SQL. Backup types I can pick?", "Encryption key length for on-prem VM backups, in bits",
        "We restore SQL on Windows to any minute. I need the backup type.", "4 disks on the VM. One by one or side by side?",
        "Charging model for data in Azure, please: flat fee or by use?",
    ],
)  # fmt: skip
def test_a_phrase_that_names_what_is_wanted_claims_nothing(question: str) -> None:
    assert READER.read(question).kind == "explain"


@pytest.mark.parametrize(
    "question",
    ["DPM on physical Linux: true or false?", "Restore options are limited on Linux.", "Linux, permit or forbid?"],
)
def test_a_phrase_that_can_be_right_or_wrong_is_no_such_phrase(question: str) -> None:
    assert READER.read(question).kind != "explain"


def test_a_machine_with_a_name_keeps_what_is_denied_of_it_and_what_is_said_of_all() -> None:
    reading = READER.read(
        "VM1 is encrypted. VM2 isn't encrypted. Both have managed disks and are stopped. Can I use Replace existing on VM2?"
    )
    assert [(s.label, s.facts["encryption"], s.facts["disk_type"]) for s in reading.scenarios] == [
        ("VM1", ("encrypted",), ("managed",)),
        ("VM2", ("unencrypted",), ("managed",)),
    ]
    assert reading.about == "VM2"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            "Not Windows, not virtual and not in Azure: a Linux server. Would MABS take its app data?",
            {"location": ("on_premises",), "environment": ("physical",), "os": ("linux",)},
        ),
        (
            "It used to sit on a Windows box, now it runs under Linux in a VM. Can MARS take it?",
            {"environment": ("virtual",), "os": ("linux",)},
        ),
        ("Forget the physical ones. Can DPM do our Linux guests?", {"environment": ("virtual",), "os": ("linux",)}),
        ("Red Hat in our own rack, not on VMware. DPM?", {"location": ("on_premises",), "environment": ("physical",)}),
        ("Scrap DPM, take MARS for our Windows VM.", {"tool": ("mars",), "os": ("windows",)}),
        ("Entire VM, Azure, Windows, nothing but the extension?", {"location": ("azure",), "os": ("windows",)}),
        (
            "Nothing here is encrypted and nothing is running. Replace existing?",
            {"encryption": ("unencrypted",), "power": ("stopped",)},
        ),
    ],
)
def test_what_is_denied_twice_what_is_past_and_what_is_put_aside(question: str, expected: dict[str, object]) -> None:
    (scenario,) = READER.read(question).scenarios
    assert {n: scenario.facts.get(n) for n in expected} == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (("Can MARS back up our file server?", "Azure"), {"location": ("azure",), "tool": ("mars",)}),
        (("Can MARS back up our VM?", "azure, windows"), {"location": ("azure",), "os": ("windows",)}),
        (("Which tool for our Linux VM in Azure?", "the whole thing"), {"level": ("entire_vm",)}),
        (("What is MARS?", "Does it do Linux?"), {"tool": ("mars",), "os": ("linux",)}),
        (("Can MARS do the volumes of a physical Windows server?", "Which tool then?"), {"tool": None, "level": ("volumes",)}),
        (("Can I restore a single file of an encrypted VM?", "Ok and the whole machine?"), {"restore_option": None, "level": ("entire_vm",)}),
    ],
)  # fmt: skip
def test_what_a_follow_up_adds_and_what_it_ends(said: tuple[str, ...], expected: dict[str, object]) -> None:
    facts = turns(*said).scenarios[0].facts
    assert {n: facts.get(n) for n in expected} == expected


def test_what_may_be_certified_is_the_claim() -> None:
    reading = READER.read("Can I certify to the board that the MARS agent backs up Linux machines?")
    assert (reading.kind, reading.focus[:3]) == ("claim", ("the", "mars", "agent"))


def test_what_was_wanted_before_rules_out_another_decision() -> None:
    said = ("Can we get single files back from an Azure VM?", "The disks do carry ADE. Possible all the same?")
    assert turns(*said).decision == "restore"


def test_a_follow_up_with_another_tool_is_searched_for_with_that_tool() -> None:
    assert (
        turns("Where are MABS backups stored?", "and with MARS?").topic
        == "Where are mars backups stored? and with MARS?"
    )
    assert turns("What is MARS?", "Does it do Linux?").decision == "backup"


def test_two_machines_are_told_apart() -> None:
    reading = READER.read(
        "VM A is managed and unencrypted, VM B is managed and encrypted. Which can use Replace existing?"
    )
    assert [(s.label, s.facts["encryption"], s.facts["disk_type"]) for s in reading.scenarios] == [
        ("VM A", ("unencrypted",), ("managed",)),
        ("VM B", ("encrypted",), ("managed",)),
    ]


def test_a_word_of_an_unknown_system_is_unheard() -> None:
    reading = READER.read("Can DPM protect a Solaris server?")
    assert reading.unheard == ("solaris",)
    assert "os" not in facts(reading)


def test_a_follow_up_keeps_the_facts_and_changes_one() -> None:
    reading = turns("Is a physical Linux server on premises supported?", "ok, and a virtual one?")
    assert facts(reading) == LINUX_VM
    assert (reading.kind, reading.decision) == ("capability", "backup")


def test_a_correction_replaces_a_fact() -> None:
    reading = turns("Can MABS back up our Linux VM on-premises?", "no, it is physical")
    assert facts(reading)["environment"] == ("physical",)


def test_starting_over_drops_the_facts() -> None:
    reading = turns("Can MABS back up our Linux VM on-premises?", "start over: can MARS back up Windows files?")
    assert "environment" not in facts(reading)


@pytest.mark.parametrize(
    ("answer", "value"),
    [("linux", "linux"), ("the second", "linux"), ("it's Windows", "windows"), ("the first one", "windows")],
)
def test_an_answer_to_our_question_is_understood(answer: str, value: str) -> None:
    reading = turns("Can I back up SQL Server?", answer, asked="os")
    assert facts(reading)["os"] == (value,)


def test_yes_answers_a_yes_or_no_question() -> None:
    reading = turns("Can I use Replace existing on a managed VM?", "yes", asked="encryption")
    assert facts(reading)["encryption"] == ("encrypted",)


@pytest.mark.parametrize(
    ("question", "options"),
    [
        ("Which is app-aware?\nA) MARS\nB) DPM\nC) none", (("A", "MARS"), ("B", "DPM"), ("C", "none"))),
        ("Pick one: 1. LRS 2. GRS", (("1", "LRS"), ("2", "GRS"))),
        ("Which tool? (a) MARS (b) DPM", (("A", "MARS"), ("B", "DPM"))),
    ],
)
def test_the_options_of_a_multiple_choice_question_are_found(
    question: str, options: tuple[tuple[str, str], ...]
) -> None:
    assert READER.read(question).choices == options


@pytest.mark.parametrize(
    ("question", "labels"),
    [
        ("A DBA has to rewind SQL Server. Which backup type? A Full, B Differential, C Transaction log", "ABC"),
        ("Which of these is NOT a level that MARS backs up? a) files b) folders c) volumes", "ABC"),
        ("On which machine can no tool help? A Windows physical on-prem. B Windows virtual on-prem. C Linux physical on-prem.", "ABC"),
        ("VSS fails on a running Windows VM. Result: a) no snapshot b) crash consistent c) file-system consistent", "ABC"),
        ("The backups of MABS are\n  X - in the vault\n  Y - on the server\n  Z - in both places", "XYZ"),
        ("I offered three answers: 1 = a staging location, 2 = a random region, 3 = nowhere. Key?", "123"),
        ("Case 7, two machines: (a) Debian guest (b) Debian on bare metal. Which of both is covered?", ""),
        ("System state with DPM: (1) a physical Windows host, (2) a Linux guest. Both fine?", ""),
        ("A: Windows tin in our hall. B: Linux tin in our hall. Volumes on both, DPM. Result per machine?", ""),
        ("VM A: Windows, encrypted. VM B: Windows, not encrypted. Which may use Replace existing?", ""),
    ],
)  # fmt: skip
def test_letters_are_told_from_words_and_from_lists(question: str, labels: str) -> None:
    assert "".join(label for label, _ in READER.read(question).choices) == labels


def test_only_what_asks_can_ask_for_the_wrong_option() -> None:
    assert READER.read("Which is not an option? a) MARS b) DPM c) tape").denied
    assert not READER.read("The VM is not encrypted. Take a) MARS b) DPM c) MABS").denied


def test_a_numbered_plan_is_no_multiple_choice_question() -> None:
    reading = READER.read("Our plan: 1) order servers 2) install Windows bare metal 3) go live. Sounds fine?")
    assert reading.kind != "choice"


QUESTIONS = [q for r in PACK.rules for q in (*r.fires, *r.silent)]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(QUESTIONS),
    st.sampled_from(["Hello, ", "please tell me: ", "Hi team! ", "thanks in advance, ", "OK so "]),
)
def test_polite_padding_changes_neither_facts_nor_decision(question: str, padding: str) -> None:
    plain, padded = READER.read(question), READER.read(padding + question)
    assert (padded.scenarios, padded.decision) == (plain.scenarios, plain.decision)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(QUESTIONS))
def test_case_and_final_punctuation_change_nothing(question: str) -> None:
    plain = READER.read(question)
    for other in (question.upper(), question.lower(), question.rstrip("?") + " ?"):
        reading = READER.read(other)
        assert (reading.scenarios, reading.decision, reading.kind) == (plain.scenarios, plain.decision, plain.kind)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=80), min_size=1, max_size=3))
def test_no_text_crashes_the_reader(texts: list[str]) -> None:
    reading = None
    for text in texts:
        with suppress(QuestionError):
            reading = READER.read(text, Context(reading, None) if reading else None)
            assert READER.read(text).scenarios
