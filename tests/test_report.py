"""What is shown of a run: the table of a terminal, Markdown, one HTML file, and files for other tools."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import ir_measures
import pytest
from ir_measures import RR, R, Success, nDCG
from markdown_it import MarkdownIt

from assistant.errors import SuiteError
from assistant.evals import export, gate
from assistant.evals.baseline import as_baseline, compare
from assistant.evals.detail import detail
from assistant.evals.figures import Row, figures, sure, table
from assistant.evals.page import page
from assistant.evals.report import Report, compared, full, markdown, terminal
from assistant.evals.runner import run
from assistant.evals.suite import load_suites
from assistant.evals.targets import Opening

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> | `=cmd` [l](javascript:alert(3)) @all"
SUITE = f"""\
suite: shown
version: 1
corpus: azure-backup
cases:
- id: right
  tags: [matrix]
  ask: Can MARS back up files of an on-premises Linux VM?
  paraphrases: [Is it possible to take files off our on-premises Linux VM with MARS?]
  expect:
    status: not_supported
    facts: {{os: linux, location: on_premises, environment: virtual, tool: mars, level: files_folders}}
    cite: [{{any: ["On-premises | Linux | Virtual | Direct backup of files | Not supported with MARS"]}}]
- id: wrong
  tags: [matrix, hostile]
  ask: {json.dumps("Can MARS back up Windows files on-premises? " + HOSTILE)}
  expect: {{status: not_supported, nuggets: [{{any: [moon]}}], forbid: [{json.dumps(HOSTILE)}]}}
- id: talk
  tags: [talk]
  turns:
  - {{ask: Can I use Replace existing?, expect: {{status: depends}}}}
  - {{ask: It is encrypted., expect: {{status: not_supported}}}}
- id: unscored
  text: MARS flies.
  expect: {{standing: contradicted}}
"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = tmp_path_factory.mktemp("shown")
    (folder / "shown.yaml").write_text(
        SUITE.replace("{ask: Can I use Replace existing?,", '{ask: "Can I use Replace existing?",'), encoding="utf-8"
    )
    found = figures(
        run(load_suites([folder / "shown.yaml"]), Opening("py:tests.toys:quoting", ROOT), folder / "run", processes=1)
    )
    found.save()
    before = as_baseline(found)
    rows = {
        key: (judged, {**scores, "verdict": 1.0} if "verdict" in scores else scores)
        for key, (judged, scores) in before.rows.items()
    }
    comparison = compare(found, type(before)("main", rows, before.latency, before.machine, {}), ("verdict",))
    outcome = gate.judge(
        found, gate.Bounds(floors={"verdict": 1.0, "quote_verbatim": 1.0}), comparison, (), date(2026, 1, 1)
    )
    return Report(found, comparison, outcome)


def test_a_terminal_gets_thirteen_lines_the_gate_and_what_broke(shown: Report) -> None:
    said = terminal(shown)
    lines = said.splitlines()
    assert lines[0] == (
        "py:tests.toys:quoting on shown: 4 cases, 5 answers judged, 3 not right, 1 unscored, as the target does not say what they need"
    )
    assert [line.split()[0] for line in lines[3:16]] == [
        "right", "verdict", "dangerous_yes", "contradiction", "facts_f1", "quote_recall", "cite_precision", "nuggets_vital",
        "coverage@2%", "agreement", "ndcg@10", "over_abstention", "quote_verbatim",
    ]  # fmt: skip
    assert lines[17:21] == [
        "against main: 3 broken, 0 fixed", "", "gate: fell (1 of 3 checks hold)", "  fell  verdict: 0.4000, floor 1 (n 5)",
    ]  # fmt: skip
    assert (
        "broken  shown/talk:2 (verdict)\n  asked     Can I use Replace existing?\n  asked     It is encrypted.\n  expected  not_supported\n"
        in said
    )


def test_a_comparison_lists_every_metric_and_case_that_differs(shown: Report) -> None:
    lines = compared(shown).splitlines()
    assert next(line.split() for line in lines if line.startswith("verdict")) == [
        "verdict",
        "1.0000",
        "0.4000",
        "-0.6000",
        "0.500",
    ]
    assert sum(line.startswith("broken") for line in lines) == 3


def test_one_case_in_full(shown: Report) -> None:
    said = full(detail(shown.figures, "shown/right"), [("verdict", 1.0)])
    for part in (
        "expected\n  status: not_supported",
        "facts",
        "cited\n  features#support-matrix: On-premises",
        "understood\n  as told",
        "scores\n  verdict: 1",
    ):
        assert part.replace("facts", "fact: os = linux") in said
    with pytest.raises(SuiteError, match="no case 'shown/rigth'; did you mean 'shown/right'"):
        detail(shown.figures, "shown/rigth")


def test_markdown_tells_the_verdict_first_and_lets_nothing_take_effect(shown: Report) -> None:
    said = markdown(shown)
    assert said.startswith("## Evaluation: py:tests.toys:quoting on shown ❌ gate fell\n")
    assert ("| verdict | 5 | 0.4000 |" in said, "- broken: `shown/wrong` (verdict)" in said) == (True, True)
    shown_as = MarkdownIt("commonmark").enable("table").render(said)
    assert [x for x in ("<script", "<img", "<a ", "@all") if x in shown_as] == []


def test_a_target_that_says_how_sure_it_is_gets_a_coverage_risk_curve(shown: Report) -> None:
    """Two right at .9, three wrong at .4: two fifths can be answered without fault."""
    table = shown.figures.tables["all"]
    assert {m: (table[m].n, table[m].mean) for m in ("coverage@2%", "augrc", "ece")} == {
        "coverage@2%": (5, 0.4), "augrc": (5, 0.24), "ece": (5, 0.28),
    }  # fmt: skip
    assert "| augrc | 5 | 0.2400 |" in markdown(shown)
    assert "risk by coverage: 60.00% wrong when all are answered, 0.00% of the surest 40%" in page(shown)
    assert ("confidence", "0.90, by the first word") in detail(shown.figures, "shown/right").said


def test_an_error_is_a_wrong_answer_that_was_not_sure_and_silence_on_it_is_not_scored() -> None:
    def row(verdict: float, confidence: float | None, error: str = "") -> Row:
        return Row("k", "k", "s", (), 0, "", "supported", "supported", error, confidence, {"verdict": verdict})

    unsure = [row(1.0, None), row(0.0, None, "died")]
    assert (sure(unsure), {"augrc", "ece"} & set(table(unsure))) == ([], set())
    assert sure([row(1.0, 0.8), row(0.0, None, "died"), row(0.0, None)]) == [(0.8, 0.0), (0.0, 1.0)]


# ---- the page


def test_the_page_is_one_file_that_asks_nobody(shown: Report) -> None:
    text = page(shown)
    assert [x for x in ("src=", "<link", "@import", "url(") if x in text.replace("&lt;img src=x", "")] == []
    assert "default-src 'none'" in text
    assert text.count("<script>") == 1
    assert text.count('<details class="case"') == 6


@pytest.fixture(params=["light", "dark", "phone"])
def tab(request: pytest.FixtureRequest, browser: Browser, shown: Report, tmp_path: Path) -> Iterator[Page]:
    """The page, which must have asked nobody and thrown nothing at its end."""
    file = tmp_path / "report.html"
    file.write_text(page(shown), encoding="utf-8")
    phone, dark = request.param == "phone", request.param == "dark"
    opened = browser.new_page(
        viewport={"width": 390 if phone else 1280, "height": 900}, color_scheme="dark" if dark else "light"
    )
    wrong: list[str] = []
    opened.on("request", lambda r: None if r.url == file.as_uri() else wrong.append(r.url))
    opened.on("pageerror", lambda e: wrong.append(str(e)))
    opened.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    opened.on("dialog", lambda d: wrong.append(d.message))
    opened.goto(file.as_uri())
    yield opened
    opened.close()
    assert wrong == []


def cases(tab: Page) -> list[str]:
    found = tab.eval_on_selector_all("details.case:not([hidden])", "all => all.map(e => e.id)")
    return [str(key).removeprefix("shown/") for key in found]


@pytest.mark.browser
def test_the_page_is_fit_for_everybody(tab: Page) -> None:
    from axe_playwright_python.sync_playwright import Axe

    tab.eval_on_selector_all("details.case", "all => all.forEach(e => e.open = true)")
    found = Axe().run(tab).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found] == []
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.browser
def test_cases_are_sifted_and_opened_by_keyboard(tab: Page) -> None:
    assert cases(tab) == ["wrong", "talk:1", "talk:2"]
    tab.select_option("#which", "all")
    assert cases(tab) == ["right", "right~1", "wrong", "talk:1", "talk:2", "unscored"]
    tab.fill("#words", "take FILES")
    assert cases(tab) == ["right~1"]
    tab.fill("#words", "")
    tab.locator("button[data-tag=talk]").press("Enter")
    assert (cases(tab), tab.inner_text("#count")) == (["talk:1", "talk:2"], "2 of 6 shown")
    tab.locator("details.case:not([hidden]) summary").first.press("Enter")
    assert tab.locator("details.case[open] h3", has_text="Wrong").is_visible()


@pytest.mark.browser
def test_a_link_opens_the_broken_case_and_hostile_words_stay_words(tab: Page) -> None:
    tab.get_by_role("link", name="shown/wrong").first.click()
    tab.wait_for_selector("details.case[open]")
    opened = tab.locator("details.case[open]")
    assert opened.get_attribute("id") == "shown/wrong"
    assert HOSTILE.partition(" |")[0] in opened.locator("summary").inner_text()
    assert tab.locator("img, main script").count() == 0


# ---- for other tools


def test_trec_files_give_our_own_figures_back(shown: Report) -> None:
    qrels, ranked = export.trec(shown.figures, shown.figures.run.folder)
    measures = [nDCG @ 10, R @ 5, RR, Success @ 1]
    read = (list(ir_measures.read_trec_qrels(str(qrels))), list(ir_measures.read_trec_run(str(ranked))))  # type: ignore[no-untyped-call]
    theirs = ir_measures.pytrec_eval.calc_aggregate(measures, *read)
    ours = shown.figures.tables["all"]
    assert [theirs[m] for m in measures] == pytest.approx(
        [ours[m].mean for m in ("ndcg@10", "recall@5", "mrr@10", "success@1")], abs=1e-6
    )


def test_junit_has_a_test_for_each_case(shown: Report) -> None:
    (file,) = export.junit(shown.figures, shown.figures.run.folder)
    one = ET.parse(file).getroot()[0]
    assert (one.attrib["tests"], one.attrib["failures"], one.attrib["errors"], one.attrib["skipped"]) == (
        "6",
        "3",
        "0",
        "1",
    )
    failure = one.find("testcase[@name='shown/talk:2']/failure")
    assert failure is not None
    assert failure.attrib["message"] == "said supported, expected not_supported"


def test_a_spreadsheet_runs_none_of_our_cells(shown: Report) -> None:
    (file,) = export.table(shown.figures, shown.figures.run.folder)
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [(r["case"], r["verdict"]) for r in rows] == [
        (r.key, str(r.scores.get("verdict", ""))) for r in shown.figures.rows
    ]
    assert export._inert("=1+1") == "'=1+1"


def test_inspect_s_log_has_a_sample_for_each_case(shown: Report) -> None:
    (file,) = export.inspect(shown.figures, shown.figures.run.folder)
    log = json.loads(file.read_text(encoding="utf-8"))
    assert (log["version"], log["status"], [s["id"] for s in log["samples"]]) == (
        2,
        "success",
        [r.key for r in shown.figures.rows],
    )
    assert log["samples"][3]["scores"]["verdict"] == {
        "value": 0.0,
        "answer": "supported",
        "explanation": "said supported, expected depends",
    }


def test_the_straw_men_are_scored_by_the_same_code(shown: Report) -> None:
    straw = shown.figures.straw
    assert {name: means["verdict"] for name, means in straw.items()} == {
        "always abstain": 0.0, "always yes": 0.0, "cite everything": 0.0, "first hit": 0.0,
    }  # fmt: skip
    assert (
        straw["cite everything"]["cite_recall"],
        straw["cite everything"]["quote_verbatim"],
        straw["always yes"]["dangerous_yes"],
    ) == (1.0, 1.0, 1.0)
