"""Runs: every conversation asked once and kept at once; killed, late and lying targets lose nothing that was answered."""

from __future__ import annotations

import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assistant.errors import SuiteError, TargetError
from assistant.evals.figures import Figures, figures
from assistant.evals.runner import Run, new_folder, open_run, run
from assistant.evals.suite import Suite, load_suites
from assistant.evals.targets import Opening

ROOT = Path(__file__).resolve().parent.parent
GARDEN = ROOT / "tests/packs/garden"
Asked = Callable[..., Run]


def suite(folder: Path, *questions: str, name: str = "toys") -> tuple[Suite, ...]:
    """One case for each question, each expected to be supported."""
    lines = [f"suite: {name}", "version: 1", f"corpus: {GARDEN}", "cases:"]
    lines += [f"- {{id: c{n}, ask: '{q}', expect: {{status: supported}}}}" for n, q in enumerate(questions)]
    file = folder / f"{name}.yaml"
    file.write_text("\n".join(lines), encoding="utf-8")
    return load_suites([file])


def toy(name: str = "toy", timeout: float = 20.0) -> Opening:
    return Opening(f"py:tests.toys:{name}", GARDEN, timeout=timeout)


def verdicts(found: Figures) -> dict[str, float | None]:
    return {r.key.rpartition("/")[2]: r.scores.get("verdict") for r in found.rows}


def kept(folder: Path) -> list[str]:
    lines = (folder / "run.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["key"] for line in lines]


def files(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in ("scores.jsonl", "summary.json")}


def test_runs_that_start_within_one_second_have_a_folder_each(tmp_path: Path) -> None:
    suites = suite(tmp_path, "Is this fine?")
    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(lambda _: new_folder(tmp_path / "runs", suites), range(40)))
    assert (len(set(folders)), all(f.is_dir() for f in folders)) == (40, True)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SuiteError, match=r"file/.*: Not a directory; take another folder with --into"):
        new_folder(tmp_path / "file", suites)


def test_every_question_is_asked_and_every_tenth_again(tmp_path: Path) -> None:
    suites = suite(tmp_path, *(f"Question {n}?" for n in range(25)))
    told: list[tuple[int, int]] = []
    found = run(suites, toy(), tmp_path / "run", processes=2, progress=lambda *n: told.append(n))
    assert sorted(kept(tmp_path / "run")) == sorted(
        [f"toys/c{n}" for n in range(25)] + [f"toys/c{n}" for n in (0, 10, 20)]
    )
    assert (told[0], told[-1], len(told)) == ((0, 28), (28, 28), 29)
    assert {k: s.replies[0].text for k, s in found.again.items()} == dict.fromkeys(
        ["toys/c0", "toys/c10", "toys/c20"], "Yes, turn 1."
    )


def test_two_runs_score_the_same_byte_for_byte(tmp_path: Path) -> None:
    suites = suite(tmp_path, *(f"Question {n}{' of silence' * (n % 3 == 0)}?" for n in range(30)))
    for name, processes in (("one", 1), ("two", 2)):
        figures(run(suites, toy(), tmp_path / name, processes=processes)).save()
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_a_target_that_says_another_thing_each_time_is_found_out(tmp_path: Path) -> None:
    found = figures(run(suite(tmp_path, "A?", "B?"), toy("unsteady"), tmp_path / "run"))
    assert {r.key: r.scores.get("deterministic") for r in found.rows} == {"toys/c0": 0.0, "toys/c1": None}


def test_what_a_target_raises_scores_worst_and_stays_in_the_denominator(tmp_path: Path) -> None:
    found = figures(run(suite(tmp_path, "Fine?", "Please crash", "Fine too?"), toy(), tmp_path / "run"))
    assert verdicts(found) == {"c0": 1.0, "c1": 0.0, "c2": 1.0}
    assert [(r.key, r.error) for r in found.errors] == [("toys/c1", "ZeroDivisionError: by design")]
    assert (found.tables["all"]["verdict"].n, found.tables["all"]["verdict"].mean) == (3, 0.666667)
    assert dict(found.rows[1].scores.items()) == {
        "right": 0.0, "verdict": 0.0, "truthfulness": 0.0, "contradiction": 1.0, "over_abstention": 1.0, "abstain_precision": 0.0, "needless_ask": 1.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Please die", r"toys/c5: the target's process died \(exit code 9\)"),
        ("Please hang", r"toys/c5: no answer within 1 s a turn; see --timeout"),
        ("garbage please", r"toys/c5: py:tests.toys:toy: status of the answer: Input should be .*; found 'perhaps'"),
    ],
)
def test_a_failing_target_stops_the_run_and_what_was_answered_is_kept(
    tmp_path: Path, question: str, expected: str
) -> None:
    suites = suite(tmp_path, *(f"Question {n}?" for n in range(5)), question, "Last?")
    with pytest.raises(TargetError, match=expected):
        run(suites, toy(timeout=1.0), tmp_path / "run", processes=1)
    assert kept(tmp_path / "run") == [f"toys/c{n}" for n in range(5)]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("py:tests.toys:absent", "AttributeError"),
        ("py:tests.none:toy", "ModuleNotFoundError"),
        ("py:tests.toys:nothing", "is a int; it should be a function of the turns, or have `ask`"),
        ("ftp://somewhere", "should be py:module:name or http://host:port/path"),
    ],
)
def test_a_target_that_is_none_is_a_target_error(tmp_path: Path, spec: str, expected: str) -> None:
    with pytest.raises(TargetError, match=expected):
        run(suite(tmp_path, "A?"), Opening(spec, GARDEN), tmp_path / "run")


def test_plain_text_is_judged_by_its_words_alone(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(
        f"suite: t\nversion: 1\ncorpus: {GARDEN}\ncases:\n- {{id: a, ask: A?, expect: {{status: supported, nuggets: [{{any: [supported]}}]}}}}\n",
        encoding="utf-8",
    )
    found = figures(run(load_suites([file]), toy("words"), tmp_path / "run"))
    assert set(found.rows[0].scores) == {"nuggets_all", "nuggets_weighted", "nuggets_vital", "deterministic"}


def test_texts_go_to_what_checks_them(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    cases = "- {id: a, text: MABS flies., expect: {standing: contradicted}}\n- {id: b, text: It swims., expect: {standing: contradicted}}\n"
    file.write_text(f"suite: t\nversion: 1\ncorpus: {GARDEN}\ncases:\n{cases}", encoding="utf-8")
    checked = figures(run(load_suites([file]), toy("checking"), tmp_path / "checked"))
    assert {r.key: (r.scores["standing"], r.scores["killed"]) for r in checked.rows} == {
        "t/a": (1.0, 1.0),
        "t/b": (0.0, 0.0),
    }
    unchecked = figures(run(load_suites([file]), toy(), tmp_path / "unchecked"))
    assert {m for r in unchecked.rows for m in r.scores} == {"deterministic"}


# ---- killed and resumed


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "assistant.cli", "eval", "run", *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True
    )


def test_a_run_killed_half_way_goes_on_and_ends_with_the_same_scores(tmp_path: Path) -> None:
    suites = suite(tmp_path, *(f"Can a bicycle number {n} be carried on the train?" for n in range(400)))
    figures(run(suites, toy(), tmp_path / "whole")).save()
    arguments = (str(tmp_path / "toys.yaml"), "--target", "py:tests.toys:toy", "--into", str(tmp_path / "killed"))
    log = tmp_path / "killed/run.jsonl"
    killed = start(tmp_path, *arguments)
    while not log.exists() or log.stat().st_size < 5_000:
        time.sleep(0.002)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    before = log.read_bytes()
    assert 5_000 <= len(before) < (tmp_path / "whole/run.jsonl").stat().st_size, "it had not ended"
    log.write_bytes(before + b'{"key": "toys/c399", "half')
    again = start(tmp_path, *arguments)
    again.communicate()
    assert (again.returncode, log.read_bytes().startswith(before)) == (0, True)
    assert files(tmp_path / "killed") == files(tmp_path / "whole")
    assert sorted(kept(tmp_path / "killed")) == sorted(kept(tmp_path / "whole"))


def test_a_folder_of_another_run_is_left_alone(tmp_path: Path) -> None:
    run(suite(tmp_path, "A?"), toy(), tmp_path / "run")
    before = (tmp_path / "run/run.jsonl").read_bytes()
    with pytest.raises(SuiteError, match="was begun with other target; take a new folder"):
        run(suite(tmp_path, "A?"), toy("worse"), tmp_path / "run")
    with pytest.raises(SuiteError, match="was begun with other suites; take a new folder"):
        run(suite(tmp_path, "B?"), toy(), tmp_path / "run")
    assert (tmp_path / "run/run.jsonl").read_bytes() == before


def test_two_processes_do_not_write_into_one_folder(tmp_path: Path) -> None:
    from filelock import FileLock

    (tmp_path / "run").mkdir()
    with FileLock(tmp_path / "run/.lock"), pytest.raises(SuiteError, match="another process is running into it"):
        run(suite(tmp_path, "A?"), toy(), tmp_path / "run")


def test_a_run_is_scored_again_from_its_folder_alone(tmp_path: Path) -> None:
    done = run(suite(tmp_path, "A?", "silence?"), toy(), tmp_path / "run")
    assert figures(open_run(tmp_path / "run")).rows == figures(done).rows


def test_a_run_that_lacks_answers_says_how_to_get_them(tmp_path: Path) -> None:
    run(suite(tmp_path, "A?"), toy(), tmp_path / "run")
    suite(tmp_path, "A?", "B?")
    with pytest.raises(SuiteError, match=r"1 conversations are not answered yet \(toys/c1 first\); eval run --into"):
        open_run(tmp_path / "run")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"suites": 3}'])
def test_what_is_no_run_folder_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "env.json").write_text(text, encoding="utf-8")
    with pytest.raises(SuiteError, match="no run folder"):
        open_run(tmp_path)


# ---- over HTTP


class Endpoint(http.server.BaseHTTPRequestHandler):
    """Answers by the words of the question; remembers every body."""

    heard: list[dict[str, object]]
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.heard.append({**body, "path": self.path})
        question = str(body["question"])
        if "slow" in question:
            time.sleep(3)
        code = 500 if "fail" in question else 422 if "odd" in question else 200
        said = b"<html>" if "html" in question else json.dumps({"status": "supported", "text": question}).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def endpoint() -> Iterator[tuple[str, list[dict[str, object]]]]:
    heard: list[dict[str, object]] = []
    handler = type("Remembering", (Endpoint,), {"heard": heard})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", heard
    server.shutdown()


def test_an_endpoint_is_asked_and_what_it_leaves_out_is_not_scored(
    endpoint: tuple[str, list[dict[str, object]]], tmp_path: Path
) -> None:
    url, heard = endpoint
    file = tmp_path / "talk.yaml"
    file.write_text(
        f"suite: talk\nversion: 1\ncorpus: {GARDEN}\ncases:\n"
        "- {id: a, turns: [{ask: First}, {ask: Second, expect: {status: supported, facts: {}}}]}\n- {id: b, ask: odd, expect: {status: supported}}\n",
        encoding="utf-8",
    )
    found = figures(run(load_suites([file]), Opening(url, GARDEN), tmp_path / "run", processes=1))
    assert {r.key: (r.scores.get("verdict"), r.error[:9]) for r in found.rows} == {
        "talk/a:2": (1.0, ""),
        "talk/b": (0.0, "HTTP 422:"),
    }
    assert set(found.rows[0].scores) == {
        "right",
        "verdict",
        "truthfulness",
        "contradiction",
        "final_verdict",
        "over_abstention",
        "deterministic",
    }
    first, second = heard[:2]
    assert (first["path"], first["question"], second["question"]) == ("/v1/ask", "First", "Second")
    assert str(first["conversation"]).startswith("eval-")
    assert first["conversation"] == second["conversation"] != heard[3]["conversation"]
    assert "conversation" not in next(h for h in heard if h["question"] == "odd")


@pytest.mark.parametrize(
    ("question", "expected"),
    [("fail", "HTTP 500"), ("html", "is not JSON"), ("slow", r"no answer within 1 s")],
)
def test_an_endpoint_that_fails_stops_the_run(
    endpoint: tuple[str, list[dict[str, object]]], tmp_path: Path, question: str, expected: str
) -> None:
    with pytest.raises(TargetError, match=expected):
        run(
            suite(tmp_path, "Fine?", question),
            Opening(endpoint[0] + "/ask", GARDEN, timeout=1.0),
            tmp_path / "run",
            processes=1,
        )
    assert kept(tmp_path / "run") == ["toys/c0"]


def test_an_endpoint_that_is_not_there_is_a_target_error(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="Connection refused"):
        run(suite(tmp_path, "A?"), Opening("http://127.0.0.1:9/ask", GARDEN), tmp_path / "run")
