"""Verbs to functions, answers to stdout, talk to stderr, exit codes; and never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from assistant.cli import main

ROOT = Path(__file__).resolve().parent.parent
BICYCLES = str(ROOT / "tests" / "packs" / "bicycles")
GARDEN = str(ROOT / "tests" / "packs" / "garden")
Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _one_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command of these tests finds the index that the session uses."""
    monkeypatch.setenv("ASSISTANT_HOME", str(home))


def run(*arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None) -> tuple[int, bytes, str]:
    """Exit code, stdout and stderr of a real process."""
    done = subprocess.run(
        [sys.executable, "-m", "assistant.cli", *arguments], input=stdin, capture_output=True, cwd=ROOT,
        env={**os.environ, **(environment or {})}, check=False, timeout=300,
    )  # fmt: skip
    stderr = done.stderr.decode("utf-8")
    assert "Traceback" not in stderr, stderr
    return done.returncode, done.stdout, stderr


def refused(code: int, capsys: Captured) -> str:
    """The one line on stderr of a command that was refused."""
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert err.startswith("assistant: ")
    assert err.count("\n") == 1
    return err.strip()


# ---- check


@pytest.mark.parametrize(
    ("facts", "status", "code"),
    [
        (
            ["os=windows", "location=on_premises", "environment=virtual", "tool=mars", "level=files_folders"],
            "supported",
            0,
        ),
        (["os=linux", "location=on_premises", "environment=virtual", "tool=mars"], "not_supported", 1),
        (["os=linux", "location=azure", "tool=mars", "level=files_folders"], "conflict", 3),
        (["os=linux", "location=on_premises", "tool=mabs"], "depends", 3),
        (["location=azure", "environment=physical"], "depends", 3),
    ],
)
def test_check_exits_by_the_verdict(capsys: Captured, facts: list[str], status: str, code: int) -> None:
    assert main(["check", "--decision", "backup", "--json", *facts]) == code
    out, err = capsys.readouterr()
    assert (json.loads(out)["status"], err, out.count("\n")) == (status, "", 1)


def test_check_in_words_cites_its_proof(capsys: Captured) -> None:
    assert (
        main(["check", "--decision", "backup", "os=linux", "location=on_premises", "environment=virtual", "tool=mars"])
        == 1
    )
    out, err = capsys.readouterr()
    assert ("[1]" in out, err) == (True, "")


def test_check_takes_several_values_of_a_dimension(capsys: Captured) -> None:
    assert (
        main(["--pack", BICYCLES, "check", "--decision", "rent", "--json", "renter=teenager", "bike=cargo,electric"])
        == 3
    )
    assert json.loads(capsys.readouterr().out)["status"] == "conflict"


def test_check_finds_the_decision_that_the_facts_fit(capsys: Captured) -> None:
    assert main(["--pack", BICYCLES, "check", "--json", "renter=adult", "bike=city"]) == 0
    assert json.loads(capsys.readouterr().out)["decision"] == "rent"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["check", "enviroment=virtual"], "unknown dimension 'enviroment'; did you mean 'environment'?"),
        (["check", "os=linx"], "unknown value of os 'linx'; did you mean 'linux'?"),
        (["check", "os=linux,windws"], "unknown value of os 'windws'; did you mean 'windows'?"),
        (["check", "os="], "unknown value of os ''"),
        (["check", "os"], "'os' is not DIMENSION=VALUE"),
        (["check", "=linux"], "unknown dimension ''"),
        (["check", "--decision", "restor", "os=linux"], "unknown decision 'restor'; did you mean 'restore'?"),
        (["check", "--decision", "", "os=linux"], "unknown decision ''"),
        (["check", "os=linux", "os=windows"], "os"),
        (["check"], "the following arguments are required"),
        (["rule", "M-O1"], "unknown rule 'M-O1'; did you mean 'M-"),
        (["rule"], "the following arguments are required: id"),
        (["ask", ""], "the question is empty"),
        (["ask", "a" * 20_000], "20,000 characters"),
        (["ask", "bell \x07"], "control character U+0007 at position 5"),
        (["ask", "lone \udc80"], "a lone surrogate at position 5"),
        (["search"], "the following arguments are required: query"),
        (["search", "-k", "many", "vault"], "invalid int value: 'many'"),
        (["pack"], "the following arguments are required"),
        (["pack", "lnit"], "invalid choice: 'lnit'"),
        (["--pack", "/nowhere", "ask", "x"], "/nowhere: no such folder"),
        (["--pack", "/nowhere", "pack", "lint"], "/nowhere: no such folder"),
        (["--pack", GARDEN, "check", "os=linux"], "'os'"),
        ([], "the following arguments are required: VERB"),
        (["aks", "x"], "invalid choice: 'aks'"),
        (["ask", "--jsno", "x"], "unrecognized arguments: --jsno"),
    ],
    ids=lambda x: " ".join(x)[:40] if isinstance(x, list) else "",
)
def test_a_mistake_is_said_in_one_line_and_exits_2(capsys: Captured, arguments: list[str], says: str) -> None:
    try:
        code = main(arguments)
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    assert says in refused(code, capsys)


def test_help_is_no_mistake(capsys: Captured) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert (stopped.value.code, "check" in capsys.readouterr().out) == (0, True)


@pytest.mark.parametrize("number", ["0", "-3"])
def test_search_for_no_places_finds_none(capsys: Captured, number: str) -> None:
    assert main(["search", "-k", number, "--json", "vault"]) in {2, 3}
    assert capsys.readouterr().out in {"", "[]\n"}


# ---- a bad pack


@pytest.mark.parametrize(
    "verb",
    [
        ["ask", "x"],
        ["check", "a=b"],
        ["search", "x"],
        ["rule", "x"],
        ["pack", "lint"],
        ["pack", "show"],
        ["pack", "build"],
    ],
    ids=" ".join,
)
def test_a_bad_pack_is_the_callers_mistake(capsys: Captured, tmp_path: Path, verb: list[str]) -> None:
    (tmp_path / "pack.toml").write_text("name = \n", encoding="utf-8")
    assert "pack.toml: not valid TOML" in refused(main(["--pack", str(tmp_path), *verb]), capsys)


def test_lint_tells_faults_and_exits_2(capsys: Captured, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "bicycles"
    shutil.copytree(BICYCLES, folder)
    rules = folder / "rules.toml"
    rules.write_text(
        rules.read_text(encoding="utf-8").replace(
            'fires = ["Can an adult rent a cargo bike?"]', 'fires = ["Can a kid rent a cargo bike?"]'
        ),
        encoding="utf-8",
    )
    assert main(["--pack", str(folder), "pack", "lint", "--json"]) == 2
    assert json.loads(capsys.readouterr().out) == {
        "faults": ["rule B-1: does not speak of its own example 'Can a kid rent a cargo bike?'"],
        "gaps": [],
    }


def test_lint_of_a_proven_pack_exits_0(capsys: Captured) -> None:
    assert main(["--pack", BICYCLES, "pack", "lint"]) == 0
    assert capsys.readouterr().out == "10 rules, 0 faults, 0 gaps\n"


def test_show_describes_a_pack(capsys: Captured) -> None:
    assert main(["--pack", BICYCLES, "pack", "show", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert {k: shown[k] for k in ("name", "title", "edition", "documents", "sections", "rules", "facts", "decisions", "dimensions")} == {
        "name": "bicycles", "title": "Bicycle rental", "edition": "2024-05", "documents": 2, "sections": 7, "rules": 10, "facts": 2,
        "decisions": ["deposit", "rent"], "dimensions": ["renter", "helmet", "bike", "deposit"],
    }  # fmt: skip


# ---- rule


def test_a_rule_is_shown_with_its_proof(capsys: Captured) -> None:
    assert main(["--pack", BICYCLES, "rule", "B-3"]) == 0
    out = capsys.readouterr().out
    expected = [
        "B-3: Cargo bikes are not rented to teenagers.",
        "not_supported",
        "Their brakes take strength.",
        "https://example.org/rental",
        "Rent a city bike.",
        "May a teenager ride a cargo bike?",
    ]
    assert [part for part in expected if part not in out] == []


def test_every_rule_can_be_shown(capsys: Captured) -> None:
    from assistant.pack import load

    for rule in load(BICYCLES).rules:
        assert main(["--pack", BICYCLES, "rule", "--json", rule.id]) == 0
        assert json.loads(capsys.readouterr().out)["id"] == rule.id


# ---- ask


@pytest.mark.parametrize(
    ("question", "status", "code"),
    [
        ("Can MARS back up files on an on-premises Windows VM?", "supported", 0),
        ("Can MARS back up an on-premises Linux VM?", "not_supported", 1),
        ("What does GRS stand for?", "information", 0),
        ("Can I back up a Solaris server with MABS?", "not_stated", 3),
        ("Who won the world cup in 1998?", "out_of_scope", 3),
    ],
)
def test_ask_exits_by_the_status(capsys: Captured, question: str, status: str, code: int) -> None:
    assert main(["ask", "--json", question]) == code
    answer = json.loads(capsys.readouterr().out)
    assert (answer["status"], answer["question"]) == (status, question)


def test_ask_joins_its_words(capsys: Captured) -> None:
    assert main(["ask", "--json", "Can", "MARS", "back up", "an on-premises", "Linux VM?"]) == 1
    assert json.loads(capsys.readouterr().out)["question"] == "Can MARS back up an on-premises Linux VM?"


def test_ask_shows_quote_and_address(capsys: Captured) -> None:
    assert main(["ask", "Can MARS back up an on-premises Linux VM?"]) == 1
    out = capsys.readouterr().out
    assert ["NOT SUPPORTED" in out, "[1] " in out, "https://" in out, "“" in out] == [True] * 4


def test_explain_shows_how_the_question_was_read(capsys: Captured) -> None:
    assert main(["ask", "--explain", "Can MARS back up an on-premises Linux VM?"]) == 1
    out = capsys.readouterr().out
    assert ["decision: backup" in out, "'linux' → os: linux" in out, "rules:" in out] == [True] * 3


def test_ask_reads_stdin_when_no_question_is_given() -> None:
    code, out, _ = run("ask", "--json", stdin=b"Can MARS back up an on-premises Linux VM?\n")
    assert (code, json.loads(out)["status"]) == (1, "not_supported")


def test_a_question_on_stdin_that_is_not_utf8_is_refused() -> None:
    assert run("ask", stdin=b"caf\xe9") == (
        2,
        b"",
        "assistant: stdin: byte 3 is not UTF-8; send the question as UTF-8\n",
    )


def test_an_empty_stdin_is_refused() -> None:
    code, out, err = run("ask", stdin=b"")
    assert (code, out, err.startswith("assistant: the question is empty")) == (2, b"", True)


def test_a_long_question_on_stdin_is_refused_whole() -> None:
    code, out, err = run("ask", stdin="é".encode() * 150_000)
    assert (code, out, "is not UTF-8" in err, "characters" in err) == (2, b"", False, True)


def test_an_argument_that_is_not_utf8_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "assistant.cli", "ask", b"caf\xe9"], capture_output=True, cwd=ROOT, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (
        2,
        b"",
        b"assistant: the question holds a lone surrogate at position 3; remove it\n",
    )


def test_a_reader_that_goes_away_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "assistant.cli", "pack", "show"],
        stdout=writer,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_ascii_terminal_gets_its_answer() -> None:
    code, out, _ = run(
        "ask", "Can MARS back up an on-premises Linux VM?", environment={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    )
    assert (code, out != b"") == (1, True)


# ---- ask --jsonl


def lines(*rows: bytes) -> tuple[int, list[dict[str, object]], str]:
    """Exit code, one object per line of stdout, and stderr."""
    code, out, err = run("ask", "--jsonl", stdin=b"\n".join(rows))
    return code, [json.loads(line) for line in out.decode("utf-8").splitlines()], err


def row(identity: object, *turns: str) -> bytes:
    return json.dumps({"id": identity, "turns": turns}).encode()


def test_lines_are_answered_in_order_under_their_ids() -> None:
    code, answers, _ = lines(
        row("a", "Can MARS back up an on-premises Linux VM?"),
        row(7, "What does GRS stand for?"),
        row(None, "Can MARS back up an on-premises Linux VM?"),
        row({"deep": [1]}, "Who won the world cup in 1998?"),
    )
    assert code == 0
    assert [(a["id"], a["status"]) for a in answers] == [
        ("a", "not_supported"),
        (7, "information"),
        (None, "not_supported"),
        ({"deep": [1]}, "out_of_scope"),
    ]


def test_turns_are_one_conversation() -> None:
    code, answers, _ = lines(
        row("x", "Can MARS back up an on-premises Linux VM?", "And if it runs Windows?"),
        row("y", "And if it runs Windows?"),
    )
    assert (code, len(answers)) == (0, 2)
    assert answers[0]["question"] == "And if it runs Windows?"
    kept, alone = answers[0]["facts"], answers[1]["facts"]
    assert isinstance(kept, dict)
    assert isinstance(alone, dict)
    expected = {"location": ["on_premises"], "environment": ["virtual"], "os": ["windows"], "tool": ["mars"]}
    assert {n: kept.get(n) for n in expected} == expected
    assert set(alone) & {"location", "environment", "tool"} == set()


def test_a_bad_line_gets_an_error_and_the_others_go_on() -> None:
    good = row("good", "Can MARS back up an on-premises Linux VM?")
    code, answers, err = lines(
        good,
        b"{not json",
        b"",
        b'{"id": "latin", "turns": ["caf\xe9"]}',
        b'{"id": "none"}',
        b'{"id": "empty", "turns": []}',
        b'{"id": "number", "turns": [1]}',
        b'{"id": "text", "turns": "hello"}',
        b'["list"]',
        b"null",
        b'{"id": "blank", "turns": ["  "]}',
        b'{"id": "bell", "turns": ["\\u0007"]}',
        b'{"id": "lone", "turns": ["\\ud800"]}',
        b"[" * 100_000,
        b'{"id": NaN, "turns": ["\xf0\x9f\x98\x80?"]}',
        row("long", "a" * 100_000),
        row("second turn", "Can MARS back up Linux?", ""),
        good,
    )
    failed = [error["line"] for a in answers if isinstance(error := a.get("error"), dict)]
    assert (code, "Traceback" in err, len(answers)) == (2, False, 17)
    assert [line for line in failed if line != 15] == [2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17]
    assert [(a["id"], a["status"]) for a in answers if a["id"] == "good"] == [("good", "not_supported")] * 2


def test_a_bad_line_is_told_under_its_id_when_it_has_one() -> None:
    _, answers, _ = lines(
        b"{not json", b'{"id": "none"}', b'{"id": "empty", "turns": []}', b'{"id": "number", "turns": [1]}', b'{"id": "text", "turns": "hello"}',
        b"null", b'{"id": "blank", "turns": ["  "]}', b'{"id": "bell", "turns": ["\\u0007"]}', row("second", "Can MARS back up Linux?", ""),
    )  # fmt: skip
    assert [(a["id"], "error" in a) for a in answers] == [
        (identity, True) for identity in (None, "none", "empty", "number", "text", None, "blank", "bell", "second")
    ]


def test_every_line_of_output_is_strict_json() -> None:
    def refuse(constant: str) -> object:
        raise AssertionError(constant)

    _, out, _ = run(
        "ask",
        "--jsonl",
        stdin=b'{"id": NaN, "turns": ["Can MARS back up Linux?"]}\n{"id": "\\ud800", "turns": ["Can MARS back up Linux?"]}\n',
    )
    answers = [json.loads(line, parse_constant=refuse) for line in out.decode("utf-8").splitlines()]
    assert len(answers) == 2


def test_lines_and_a_question_together_are_refused() -> None:
    for words in (("ask", "--jsonl", "Can MARS back up Linux?"), ("verify", "--jsonl", "draft.md")):
        code, out, err = run(*words, stdin=b"")
        assert (code, out) == (2, b"")
        assert "--jsonl reads its lines from stdin; leave the rest out" in err


def test_a_text_without_claims_is_not_called_decided() -> None:
    code, out, _ = run("verify", stdin=b"  ")
    assert (code, out) == (0, b"No claims: nothing in this text says anything about the subject.\n")


def test_no_lines_give_no_answers() -> None:
    assert run("ask", "--jsonl", stdin=b"")[:2] == (0, b"")


def test_windows_line_ends_are_read() -> None:
    code, answers, _ = lines(row(1, "What does GRS stand for?") + b"\r", row(2, "What does GRS stand for?") + b"\r")
    assert (code, [a["id"] for a in answers]) == (0, [1, 2])


def test_every_answer_to_lines_is_the_one_to_ask(capsys: Captured) -> None:
    question = "Can MARS back up an on-premises Linux VM?"
    _, answers, _ = lines(row("x", question))
    main(["ask", "--json", question])
    alone = json.loads(capsys.readouterr().out)
    assert {**answers[0], "id": alone["id"]} == alone


# ---- search


def test_search_ranks_places(capsys: Captured) -> None:
    assert main(["search", "-k", "3", "--json", "restore an encrypted VM"]) == 0
    hits = json.loads(capsys.readouterr().out)
    assert len(hits) == 3
    assert [h["score"] for h in hits] == sorted((h["score"] for h in hits), reverse=True)
    assert "restore#restore-an-encrypted-virtual-machine" in {h["section_id"] for h in hits}


def test_a_search_that_finds_nothing_exits_3(capsys: Captured) -> None:
    assert (main(["search", "--json", "zzzzqqq"]), capsys.readouterr().out.strip()) == (3, "[]")


@pytest.mark.parametrize("arguments", [["search", " "], ["search", "-k", "0", "vault"]])
def test_a_search_for_nothing_is_a_mistake(arguments: list[str], capsys: Captured) -> None:
    assert main(arguments) == 2
    assert "search wants words" in capsys.readouterr().err


# ---- verify


def test_verify_marks_each_claim_and_exits_1_when_something_is_contradicted(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "draft.md").write_text("GRS is the default. LRS keeps nine copies.", encoding="utf-8")
    assert main(["verify", str(tmp_path / "draft.md")]) == 1
    out = capsys.readouterr().out
    assert [out.startswith("PROVEN        GRS is the default."), "CONTRADICTED  LRS keeps nine copies." in out] == [
        True,
        True,
    ]
    assert out.endswith("2 claims: 1 proven, 1 contradicted, 0 disputed, 0 not covered; 100% decided.\n")


def test_verify_of_a_true_text_exits_0(capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "draft.md").write_text("GRS is the default.", encoding="utf-8")
    assert main(["verify", "--json", str(tmp_path / "draft.md")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(c["sentence"], c["start"], c["end"], c["standing"]) for c in found["claims"]] == [
        ("GRS is the default.", 0, 19, "proven")
    ]
    assert found["summary"]["coverage"] == 1.0


def test_verify_answers_every_line_and_names_the_bad_ones() -> None:
    lines = b'{"id":"a","text":"GRS is the default."}\n{"id":"b"}\n\nnot json\n{"id":3,"text":"LRS is the default."}\n'
    code, out, _ = run("verify", "--jsonl", stdin=lines)
    found = [json.loads(line) for line in out.splitlines()]
    assert code == 2
    assert [(f["id"], [c["standing"] for c in f.get("claims", ())], "error" in f) for f in found] == [
        ("a", ["proven"], False),
        ("b", [], True),
        (None, [], True),
        (3, ["contradicted"], False),
    ]
    assert set(found[0]) == {"id", "claims", "corrected", "summary", "edition", "pack"}
    assert set(found[0]["claims"][0]) == {
        "sentence",
        "start",
        "end",
        "standing",
        "findings",
        "citations",
        "correction",
        "reads",
    }


@pytest.mark.parametrize(
    ("content", "said"), [(b"caf\xe9", "byte 3 is not UTF-8"), (b"a" * 4_000_001, "larger than 4,000,000 bytes")]
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, capsys: Captured, content: bytes, said: str) -> None:
    (tmp_path / "draft.md").write_bytes(content)
    assert said in refused(main(["verify", str(tmp_path / "draft.md")]), capsys)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path, capsys: Captured) -> None:
    assert "cannot be read: No such file" in refused(main(["verify", str(tmp_path / "none.md")]), capsys)


def test_a_text_on_stdin_that_is_too_long_is_refused_whole() -> None:
    code, out, err = run("verify", stdin=b"a" * 4_000_001)
    assert (code, out, err) == (2, b"", "assistant: stdin: more than 4,000,000 bytes; split the text\n")


def test_a_chat_model_that_cannot_be_opened_is_refused(capsys: Captured) -> None:
    assert refused(main(["ask", "--model", "nosuch:x", "What is LRS?"]), capsys).startswith(
        "assistant: model nosuch:x: "
    )
