"""The chat page: its log without a browser, and the real page, served by ``app.py``, in Debian's chromium."""

from __future__ import annotations

import functools
import http.server
import itertools
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import quote

import pytest
from bikes import FILES
from fakes import Behaviour, model, sentences
from fakes import served as model_served
from served import served as served_house
from served import sqlite

from assistant.channels.generations import Generations
from assistant.channels.settings import Settings
from assistant.channels.state import State
from assistant.draft import Price
from assistant.engine import Assistant
from assistant.pack import load
from assistant.retrieve import Retriever
from assistant.types import Answer, Ask

if TYPE_CHECKING:
    from gradio.components.chatbot import MessageDict
    from playwright.sync_api import Browser, BrowserContext, Dialog, Locator, Page, Request
    from served import Served

# Gradio's own figures of its queue, on pandas 3
pytestmark = pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")
ROOT = Path(__file__).resolve().parent.parent
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
REFUSED = "Can MARS back up our on-prem Ubuntu VM?"
QUESTIONS = {
    "out_of_scope": "Which stocks should I buy?",
    "supported": "Can DPM back up an on-premises Windows VM?",
    "not_supported": "Can I back up a physical Linux server in our datacenter?",
    "depends": "Can I use Replace existing on a VM?",
    "conflict": "Can MARS back up files of a Linux VM in Azure?",
    "not_stated": "How much does Azure Backup cost per month?",
    "information": "How does a backup with DPM work?",
}
ANSWER = Answer(id="ans_1", question="One?", status="information", text="One.")


def test_the_conversation_starts_with_questions_and_ends_with_chips() -> None:
    from assistant.channels.gradio import conversation
    from assistant.channels.render import Turn

    first = cast("list[MessageDict]", conversation((), ("A?", "B?")))
    assert [m["options"] for m in first] == [[{"value": "A?", "label": "A?"}, {"value": "B?", "label": "B?"}]]
    asked = Ask("day", "Which day?", (("mon", "Monday"),))
    lost = Turn("Two?", None, "Sorry.")
    later = cast("list[MessageDict]", conversation((Turn("One?", replace(ANSWER, ask=asked)), lost), ("A?",)))
    assert [(m["role"], m.get("options")) for m in later] == [
        ("user", None),
        ("assistant", []),
        ("user", None),
        ("assistant", [{"value": "Try again", "label": "Try again"}]),
    ]


def test_gradios_own_client_reads_the_page_and_finds_nothing_to_call(house: Served) -> None:
    from gradio_client import Client

    client = Client(f"{house.url}/chat/", verbose=False)
    assert client.config["title"] == "Azure Backup assistant"
    assert client.view_api(return_format="dict") == {"named_endpoints": {}, "unnamed_endpoints": {}}
    for number in client.endpoints:
        with pytest.raises(ValueError, match=f"Invalid function index: {number}"):
            client.predict(REFUSED, fn_index=number)


# ---- in a browser

REPORT = """<!doctype html><html lang="en"><title>Report</title><h1>.93</h1><img src="http://e.example/a.png" alt="">
<script>document.querySelector("h1").append(" drawn"); fetch("http://e.example/b").catch(() => 0);
try { parent.document.title = "taken" } catch {}</script></html>"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def store(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of its own for feedback and state, with the session's indexes and models linked in."""
    folder: Path = tmp_path_factory.mktemp("home")
    for name in ("generations", "models"):
        (home / name).mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(home / name)
    return folder


@pytest.fixture(scope="module")
def served(store: Path) -> Iterator[tuple[str, list[str]]]:
    """The page's address and what ``app.py`` said before it was up."""
    port = free_port()
    settings = {**os.environ, "ASSISTANT_PORT": str(port), "ASSISTANT_HOME": str(store), "PYTHONPATH": str(ROOT)}
    (store / "runs" / "nightly").mkdir(parents=True)
    (store / "runs" / "nightly" / "report.html").write_text(REPORT, encoding="utf-8")
    command = [sys.executable, str(ROOT / "app.py")]
    with subprocess.Popen(command, cwd=store, env=settings, stdout=subprocess.PIPE, text=True) as app:
        said = []
        for line in app.stdout or ():
            said.append(line.strip())
            if line.startswith("serving"):
                break
        try:
            yield f"http://127.0.0.1:{port}/chat/", said
        finally:
            app.terminate()


@contextmanager
def watched(browser: Browser, url: str, size: dict[str, int], **rest: object) -> Iterator[Page]:
    """A fresh page; at its end it must have sent nothing to anybody else, spoken in no dialog and thrown nothing."""
    context: BrowserContext = browser.new_context(viewport=size, **rest)  # type: ignore[arg-type]  # a table of settings
    page = context.new_page()
    elsewhere: list[str] = []

    home = url.partition("/chat/")[0]

    def asked(request: Request) -> None:
        if not request.url.startswith((home, "data:", "blob:")):
            elsewhere.append(request.url)

    def spoke(dialog: Dialog) -> None:
        elsewhere.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def refused(request: Request) -> None:
        if request.failure == "csp" and request.url in elsewhere:
            elsewhere.remove(request.url)

    page.on("request", asked)
    page.on("requestfailed", refused)
    page.on("dialog", spoke)
    page.on("pageerror", lambda error: elsewhere.append(f"error: {error}"))
    page.goto(url)
    page.wait_for_selector("#question textarea:enabled")
    yield page
    context.close()
    assert elsewhere == []


@pytest.fixture
def tab(served: tuple[str, list[str]], browser: Browser) -> Iterator[Page]:
    """A fresh page on a desk."""
    with watched(browser, served[0], DESK) as page:
        yield page


@pytest.fixture
def phone(served: tuple[str, list[str]], browser: Browser) -> Iterator[Page]:
    """A fresh page on a phone."""
    with watched(browser, served[0], PHONE) as page:
        yield page


def grown(tab: Page, act: Callable[[], object]) -> None:
    """Do something that brings one more answer, and wait for it."""
    before = tab.locator("#evidence .answer").count()
    act()
    tab.wait_for_function("n => document.querySelectorAll('#evidence .answer').length > n", arg=before)


def ask(tab: Page, question: str) -> None:
    tab.fill("#question textarea", question)
    grown(tab, lambda: tab.press("#question textarea", "Enter"))


def show(tab: Page, name: str) -> None:
    tab.locator("#scope nav").get_by_role("link", name=name).click()
    tab.wait_for_selector(f"#scope nav a[aria-current]:has-text('{name}')")
    if name != "Ask":
        tab.wait_for_selector("#view section")


def statuses(tab: Page) -> list[str]:
    """Status of each answer in the evidence, newest first."""
    found = tab.eval_on_selector_all("#evidence .answer > summary .badge", "all => all.map(e => e.className)")
    return [name.removeprefix("badge ") for name in found]


def newest(tab: Page) -> Locator:
    return tab.locator("#evidence .answer").first


@pytest.mark.browser
def test_the_first_screen_says_its_scope_and_offers_four_questions(tab: Page, helper: Assistant) -> None:
    scope = tab.inner_text("#scope p")
    assert [
        x in scope for x in (str(len(helper.pack.sections)), helper.pack.edition_words, helper.pack.digest[:12])
    ] == [True] * 3
    assert tab.locator("#conversation .option").count() == 4


@pytest.mark.browser
def test_the_starting_questions_are_a_yes_a_no_a_depends_and_a_how_to(tab: Page) -> None:
    for card, status in enumerate(("supported", "not_supported", "depends", "information")):
        grown(tab, tab.locator("#conversation .option").nth(card).click)
        assert statuses(tab) == [status]
        assert tab.locator("#evidence mark").count() > 0
        tab.get_by_role("link", name="New conversation").click()
        tab.wait_for_function("() => !document.querySelector('#evidence .answer')")


@pytest.mark.browser
def test_somebody_new_finds_out_about_a_physical_linux_server_in_three_clicks(phone: Page) -> None:
    ask(phone, "can i back up a physical linux server?")
    clicks = 0
    if statuses(phone)[0] == "depends":
        grown(phone, phone.locator("#conversation .option").filter(has_text="on-premises").click)
        clicks += 1
    assert statuses(phone)[0] == "not_supported"
    reply = phone.locator("#conversation [data-testid=bot]").last.inner_text()
    assert "physical Linux machines on-premises are not supported" in reply
    grown(phone, phone.get_by_role("button", name="environment virtual").first.click)
    clicks += 1
    assert statuses(phone)[0] == "supported"
    assert re.search("DPM|MABS", phone.locator("#conversation [data-testid=bot]").last.inner_text())
    assert clicks <= 3


# ---- what was understood


@pytest.mark.browser
def test_a_fact_is_changed_and_taken_away_without_typing(tab: Page) -> None:
    ask(tab, QUESTIONS["not_supported"])
    grown(tab, lambda: newest(tab).get_by_role("combobox", name="Environment").select_option("virtual"))
    assert statuses(tab) == ["supported", "not_supported"]
    assert newest(tab).get_by_role("combobox", name="Environment").input_value() == "virtual"
    grown(tab, newest(tab).get_by_role("button", name="Remove Environment").click)
    assert statuses(tab)[0] == "depends"
    assert newest(tab).locator(".chip.open").inner_text().startswith("Environment")
    grown(tab, lambda: newest(tab).get_by_role("combobox", name="Another fact").select_option("tool=mars"))
    assert statuses(tab)[0] == "not_supported"
    said = tab.locator("#conversation [data-testid=user]").all_inner_texts()
    assert [x.strip() for x in said[1:]] == [
        "What if: Environment virtual?",
        "What if: Environment not said?",
        "What if: Tool the MARS agent?",
    ]


@pytest.mark.browser
def test_an_assumption_is_marked_and_can_be_corrected(tab: Page) -> None:
    ask(tab, "Can MABS back up SharePoint?")
    chosen = newest(tab).locator(".chip.assumed select")
    assert chosen.locator("option:checked").inner_text() == "Windows (assumed)"
    grown(tab, lambda: chosen.select_option("linux"))
    assert statuses(tab) == ["depends", "supported"]


@pytest.mark.browser
def test_depends_shows_every_way_and_asks_with_chips(tab: Page) -> None:
    ask(tab, QUESTIONS["depends"])
    rows = newest(tab).get_by_role("region", name="What it depends on").locator("tbody tr")
    assert rows.count() == 3
    grown(tab, tab.locator("#conversation .option").first.click)
    assert statuses(tab) == ["not_supported", "depends"]


@pytest.mark.browser
def test_a_conflict_shows_both_places_side_by_side(tab: Page) -> None:
    ask(tab, QUESTIONS["conflict"])
    first, second = (newest(tab).locator(".sides article").nth(n).bounding_box() for n in (0, 1))
    assert first
    assert second
    assert (first["y"], first["x"] + first["width"] <= second["x"]) == (second["y"], True)


# ---- evidence


@pytest.mark.browser
def test_a_mark_jumps_to_the_highlighted_passage_on_the_same_page(tab: Page) -> None:
    ask(tab, REFUSED)
    tab.locator("#conversation a[href='#src-1-1']").first.click()
    tab.wait_for_selector("#src-1-1:target mark")
    assert (tab.url.partition("#")[2], len(tab.context.pages)) == ("src-1-1", 1)
    assert tab.evaluate("scrollY") < 100, "the conversation must stay in view"


@pytest.mark.browser
def test_older_evidence_folds_and_a_jump_opens_it(tab: Page) -> None:
    ask(tab, REFUSED)
    ask(tab, QUESTIONS["depends"])
    opened = "all => all.map(e => e.open)"
    assert tab.eval_on_selector_all("#evidence .answer", opened) == [True, False]
    tab.locator("#conversation a[href='#src-1-1']").first.click()
    tab.wait_for_selector("#src-1-1:target mark", state="visible")
    assert tab.eval_on_selector_all("#evidence .answer", opened) == [True, True]


@pytest.mark.browser
def test_a_passage_opens_in_its_document_and_back_leads_to_the_conversation(tab: Page) -> None:
    ask(tab, REFUSED)
    there = tab.url
    quote = tab.locator("#src-1-1 mark").all_inner_texts()
    tab.locator("#src-1-1").get_by_role("link", name="open in the document").click()
    tab.wait_for_selector("#view .pages mark")
    assert tab.locator("#view .pages mark").all_inner_texts() == quote
    assert tab.locator("#view .leaf:has(mark) aside li").count() > 0
    tab.go_back()
    tab.wait_for_selector("#evidence", state="visible")
    assert (tab.url, statuses(tab)) == (there, ["not_supported"])


# ---- the tabs


@pytest.mark.browser
def test_explore_lays_out_any_two_dimensions_and_opens_the_proof_of_a_cell(tab: Page) -> None:
    show(tab, "Explore")
    tab.get_by_role("combobox", name="Rows").select_option("os")
    tab.wait_for_selector("#view .heat th[scope=row]:has-text('Linux')")
    tab.get_by_role("combobox", name="Columns").select_option("environment")
    tab.wait_for_selector("#view .heat th[scope=col]:has-text('physical')")
    tab.get_by_role("combobox", name="Location").select_option("on_premises")
    tab.locator("#view tr:has(th:has-text('Linux')) td.not_supported a[href*='at.location=on_premises']").click()
    tab.wait_for_selector("#view .opened mark")
    assert (
        "Physical Linux machines on-premises are not supported"
        in tab.locator("#view .opened .proof").first.inner_text()
    )
    address = tab.url
    tab.goto(address)
    tab.wait_for_selector("#view .opened mark")
    assert tab.get_by_role("combobox", name="Location").input_value() == "on_premises"


@pytest.mark.browser
def test_documents_are_searched_and_read(tab: Page) -> None:
    show(tab, "Documents")
    tab.get_by_label("Search the documents").fill("key vault secrets")
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#view .hits li")
    tab.locator("#view .hits li a").first.click()
    tab.wait_for_selector("#view .pages mark")
    assert "key vault" in tab.locator("#view .pages mark").first.inner_text().lower()


@pytest.mark.browser
def test_a_round_of_practice_ends_with_a_score(tab: Page) -> None:
    show(tab, "Practise")
    for place in range(8):
        tab.wait_for_selector(f"#view h3:has-text('Question {place + 1} of 8')")
        tab.locator("#view .drill li button").first.click()
    tab.wait_for_selector("#view h3:has-text('of 8 right')")
    score, address = tab.locator("#view .drill h3").inner_text(), tab.url
    tab.goto(address)
    tab.wait_for_selector("#view h3:has-text('of 8 right')")
    assert tab.locator("#view .drill h3").inner_text() == score


RUNBOOK = "MARS can back up Linux servers.\n\nGRS is the default. Use <b>coffee</b> daily.\n"


def check(tab: Page) -> None:
    tab.get_by_label("A reply, a runbook, a note").fill(RUNBOOK)
    tab.get_by_role("button", name="Check it").click()
    tab.wait_for_selector("#view .checked")


@pytest.mark.browser
def test_a_pasted_text_is_coloured_and_corrected(tab: Page) -> None:
    show(tab, "Check a text")
    check(tab)
    found = tab.eval_on_selector_all("#view .claim", "all => all.map(e => e.className.replace('claim ', ''))")
    assert (found[0], "proven" in found) == ("contradicted", True)
    assert "<b>coffee</b>" in tab.inner_text("#view .checked")
    tab.locator("#view .claim.contradicted").first.click()
    tab.wait_for_function("() => location.hash == '#claim-1'")
    tab.locator("#claim-1").get_by_role("link").first.click()
    tab.wait_for_selector("#view .pages mark")


@pytest.mark.browser
def test_a_report_is_drawn_in_a_frame_that_reaches_nothing(served: tuple[str, list[str]], browser: Browser) -> None:
    with watched(browser, served[0], DESK) as tab:
        show(tab, "Evaluations")
        frame = tab.frame_locator("iframe[title='Report nightly']")
        frame.get_by_role("heading", name=".93 drawn").wait_for()
        assert tab.title() != "taken"


# ---- habits


@pytest.mark.browser
def test_an_address_gives_the_same_conversation_in_another_browser(
    tab: Page, served: tuple[str, list[str]], browser: Browser
) -> None:
    ask(tab, QUESTIONS["not_supported"])
    grown(tab, tab.get_by_role("button", name="environment virtual").click)
    shown = tab.inner_text("#evidence section")
    with watched(browser, served[0], DESK) as other:
        other.goto(tab.url)
        other.wait_for_function("() => document.querySelectorAll('#evidence .answer').length == 2")
        assert other.inner_text("#evidence section") == shown
        assert other.locator("#conversation [data-testid=user]").count() == 2


@pytest.mark.browser
def test_copies_and_exports_hold_the_sources(served: tuple[str, list[str]], browser: Browser) -> None:
    granted = ["clipboard-read", "clipboard-write"]
    with watched(browser, served[0], DESK, permissions=granted) as tab:
        ask(tab, REFUSED)
        pasted = "navigator.clipboard.readText()"
        tab.get_by_role("button", name="Copy with sources").click()
        tab.wait_for_selector("#evidence button:has-text('Copied')")
        assert [x in tab.evaluate(pasted) for x in (REFUSED, "NOT SUPPORTED", "[1] ", "https://")] == [True] * 4
        tab.get_by_role("button", name="Copy link").click()
        tab.wait_for_function(f"async () => (await {pasted}).startsWith('http')")
        assert tab.evaluate(pasted) == tab.url
        with tab.expect_download() as download:
            tab.get_by_role("button", name="Save as Markdown").click()
        text = download.value.path().read_text(encoding="utf-8")
        assert (download.value.suggested_filename, text.count("## "), "- [1] " in text) == ("conversation.md", 1, True)


@pytest.mark.browser
def test_feedback_lands_in_the_state(tab: Page, store: Path) -> None:
    ask(tab, REFUSED)
    tab.get_by_text("Something is wrong").click()
    tab.get_by_role("combobox", name="Reason").select_option("incomplete")
    tab.get_by_label("What would be right?").fill("More <b>")
    tab.get_by_role("button", name="Send").click()
    tab.wait_for_selector("#evidence [role=status]:has-text('Thank you')")
    (kept,) = State(f"sqlite:///{store / 'state.db'}").feedback()
    assert (kept["turns"], kept["rating"], kept["reason"], kept["correction"], kept["answer"]["status"]) == (  # type: ignore[index]  # it is an answer
        [REFUSED],
        "down",
        "incomplete",
        "More <b>",
        "not_supported",
    )


@pytest.mark.browser
def test_the_history_is_kept_in_the_browser_and_can_be_forgotten(tab: Page, served: tuple[str, list[str]]) -> None:
    ask(tab, REFUSED)
    ask(tab, "And if it runs Windows?")
    tab.wait_for_timeout(300)
    tab.goto(served[0])
    earlier = tab.locator("#evidence li a")
    earlier.first.wait_for()
    assert earlier.all_inner_texts() == [REFUSED]
    earlier.first.click()
    tab.wait_for_function("() => document.querySelectorAll('#evidence .answer').length == 2")
    tab.goto(served[0])
    tab.get_by_role("button", name="Forget them").click()
    tab.wait_for_function("() => !document.querySelector('#evidence li')")
    tab.wait_for_timeout(300)
    tab.goto(served[0])
    tab.wait_for_selector("#question textarea:enabled")
    assert tab.locator("#evidence li").count() == 0


@pytest.mark.browser
def test_clearing_starts_a_new_conversation(tab: Page) -> None:
    ask(tab, QUESTIONS["depends"])
    tab.get_by_role("button", name="Clear").click()
    tab.wait_for_function("() => !document.querySelector('#evidence .answer')")
    assert tab.locator("#conversation .option").count() == 4


@pytest.mark.browser
def test_control_k_leads_to_the_question_from_anywhere(tab: Page) -> None:
    show(tab, "Explore")
    tab.keyboard.press("Control+k")
    tab.wait_for_function("() => document.activeElement.matches('#question textarea')")


@pytest.mark.browser
def test_sessions_do_not_mix(served: tuple[str, list[str]], browser: Browser, tab: Page) -> None:
    ask(tab, REFUSED)
    with watched(browser, served[0], DESK) as other:
        ask(other, "Windows")
        assert other.locator("#evidence .answer").count() == 1
    ask(tab, "And if it runs Windows?")
    assert statuses(tab)[1] == "not_supported"


@pytest.mark.browser
def test_the_app_says_each_step(served: tuple[str, list[str]]) -> None:
    url, said = served
    assert (said[0].split()[:3], said[-1].split()[:3]) == (
        ["opening", "the", "index"],
        ["serving", "on", url.removesuffix("chat/")],
    )


# ---- every state, for everybody

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def faults(tab: Page, where: str) -> list[str]:
    """What axe finds wrong by WCAG 2.2 AA."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(tab, options={"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": WCAG}})
    return [f"{where}: {v['id']} {n['html'][:120]}" for v in found.response["violations"] for n in v["nodes"]]


def states(tab: Page) -> Iterator[str]:
    """Walk every state of the conversation and every tab."""
    yield "first screen"
    for status, question in QUESTIONS.items():
        ask(tab, question)
        assert statuses(tab)[0] == status
        yield status
    tab.get_by_text("Something is wrong").first.click()
    yield "feedback form"
    tab.fill("#question textarea", "word " * 40_000)
    tab.press("#question textarea", "Enter")
    tab.wait_for_selector("#conversation [data-testid=bot]:has-text('Sorry')")
    yield "error"
    show(tab, "Explore")
    tab.locator("#view .heat td a").first.click()
    tab.wait_for_selector("#view .opened")
    yield "explore"
    tab.get_by_role("combobox", name="Decision").select_option("consistency")
    tab.wait_for_selector("#view .heat .value")
    yield "explore values"
    show(tab, "Documents")
    tab.get_by_text("rules cite this").first.click()
    yield "documents"
    tab.get_by_label("Search the documents").fill("restore a file")
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#view .hits")
    yield "search"
    show(tab, "Check a text")
    yield "check"
    check(tab)
    yield "checked"
    show(tab, "Evaluations")
    yield "evaluations"
    show(tab, "Practise")
    yield "practise"
    for place in range(8):
        tab.wait_for_selector(f"#view h3:has-text('Question {place + 1} of 8')")
        tab.locator("#view .drill li button").first.click()
        if place == 0:
            tab.wait_for_selector("#view .judged")
            yield "judged"
    tab.wait_for_selector("#view h3:has-text('of 8 right')")
    yield "score"


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_in_any_state(
    served: tuple[str, list[str]], browser: Browser, size: dict[str, int], scheme: str
) -> None:
    found = []
    with watched(browser, served[0], size, color_scheme=scheme, reduced_motion="reduce") as tab:
        for state in states(tab):
            found += faults(tab, state)
            wide = tab.evaluate("document.documentElement.scrollWidth")
            found += [f"{state}: {wide} px wide"] if wide > size["width"] else []
    assert found == []


@pytest.mark.browser
@pytest.mark.parametrize("name", ["Ask", "Explore", "Documents", "Practise", "Check a text", "Evaluations"])
def test_everything_is_reached_by_keyboard(tab: Page, name: str) -> None:
    ask(tab, QUESTIONS["depends"])
    if name != "Ask":
        show(tab, name)
    if name == "Check a text":
        check(tab)
    wanted = tab.evaluate(
        """() => {
            const all = [...document.querySelectorAll('a[href], button, select, input, textarea, summary')];
            const can = all.filter(e => e.checkVisibility({visibilityProperty: true}) && !e.disabled && e.type !== 'hidden'
                                        && e.getBoundingClientRect().width > 0);
            can.forEach((e, n) => e.dataset.reach = n);
            document.body.tabIndex = -1; document.body.focus();
            return can.length;
        }"""
    )
    reached = set()
    for _ in range(wanted + 60):
        tab.keyboard.press("Tab")
        reached.add(tab.evaluate("document.activeElement?.dataset.reach ?? ''"))
    missing = [str(n) for n in range(wanted) if str(n) not in reached]
    shown = [tab.locator(f"[data-reach='{n}']").evaluate("e => e.outerHTML.slice(0, 120)") for n in missing]
    assert (wanted > 5, shown) == (True, [])


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_evidence_stands_beside_on_a_desk_and_below_on_a_phone(tab: Page, width: int) -> None:
    tab.set_viewport_size({"width": width, "height": 844})
    ask(tab, REFUSED)
    if width < 500:
        tab.wait_for_function("() => scrollY > 0")  # the question moves to the top
    chat, evidence = tab.locator("#conversation").bounding_box(), tab.locator("#evidence").bounding_box()
    assert chat
    assert evidence
    assert (evidence["y"] >= chat["y"] + chat["height"], evidence["x"] >= chat["x"] + chat["width"]) == (
        width < 500,
        width > 500,
    )
    assert tab.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.browser
def test_on_a_phone_the_verdict_stays_in_view_and_jumps_to_the_evidence(phone: Page) -> None:
    ask(phone, QUESTIONS["not_supported"])
    ask(phone, QUESTIONS["depends"])
    phone.evaluate("scrollTo(0, 0)")
    box = phone.locator("#verdict a").bounding_box()
    assert box
    assert 0 <= box["y"] <= PHONE["height"] - box["height"]
    assert "It depends" in phone.inner_text("#verdict a")
    phone.locator("#verdict a").click()
    phone.wait_for_function("() => document.querySelector('#answer-2').getBoundingClientRect().top < 300")


@pytest.mark.browser
def test_on_a_phone_the_newest_question_moves_to_the_top(phone: Page) -> None:
    for status in ("not_supported", "supported", "depends"):
        ask(phone, QUESTIONS[status])
    phone.wait_for_function(
        "() => Math.abs([...document.querySelectorAll('#conversation [data-testid=user]')].at(-1).getBoundingClientRect().top) < 80"
    )


@pytest.mark.browser
def test_the_page_is_ready_in_two_seconds_and_a_verdict_in_300_ms(
    served: tuple[str, list[str]], browser: Browser
) -> None:
    ready, verdict = [], []
    for _ in range(3):
        start = time.perf_counter()
        with watched(browser, served[0], DESK) as tab:
            ready.append(time.perf_counter() - start)
            for question in (QUESTIONS["supported"], QUESTIONS["not_supported"]):
                tab.fill("#question textarea", question)
                before = tab.locator("#conversation .badge").count()
                start = time.perf_counter()
                tab.press("#question textarea", "Enter")
                tab.wait_for_function("n => document.querySelectorAll('#conversation .badge').length > n", arg=before)
                verdict.append(time.perf_counter() - start)
    print(f"ready {ready}, verdict {verdict}")
    assert (min(ready) <= 2.0, min(verdict) <= 0.3) == (True, True)


# ---- hostile words


@pytest.mark.browser
def test_hostile_words_stay_words(tab: Page) -> None:
    hostile = (
        'MARS Linux <img src=x onerror="alert(1)"> ![i](http://e.example/a.png) {{7*7}} ${alert(2)} '
        "[l](javascript:alert(3)) <script>alert(4)</script> https://e.example"
    )
    ask(tab, hostile)
    assert hostile in tab.inner_text("#conversation [data-testid=user]")
    assert tab.inner_text("#evidence .answer > summary").endswith(hostile[:120].rstrip() + " …")
    assert tab.locator("#conversation img, #evidence img, #evidence script").count() == 0
    links = tab.eval_on_selector_all("#conversation a", "all => all.map(e => e.getAttribute('href'))")
    assert [x for x in links if not re.fullmatch(r"#src-1-\d+", x)] == []


@pytest.mark.browser
def test_a_question_too_long_gets_a_sentence_and_can_be_tried_again(tab: Page) -> None:
    tab.fill("#question textarea", "word " * 40_000)
    tab.press("#question textarea", "Enter")
    tab.wait_for_selector("#conversation [data-testid=bot]:has-text('Sorry')")
    assert tab.locator("#evidence .answer").count() == 0
    tab.get_by_role("button", name="Try again").click()
    tab.wait_for_timeout(500)
    assert tab.locator("#conversation [data-testid=user]").count() == 1


class Slow(Assistant):
    """An assistant with a model of one second."""

    def settle(self, question: str, after: Answer | None = None) -> Answer:
        time.sleep(1)
        return super().settle(question, after)


@pytest.fixture(scope="module")
def lent() -> Iterator[Callable[[Assistant], str]]:
    """Serves the page over other assistants from this process; the address of each."""
    from fastapi import FastAPI

    from assistant.channels.gradio import mount
    from assistant.channels.serve import listening, server

    running = []

    def serve(helper: Assistant) -> str:
        app, sock = FastAPI(), listening(Settings(port=0))
        mount(app, lambda: helper, lambda _: None, lambda _: None)
        one = server(app, Settings(port=sock.getsockname()[1]))
        thread = threading.Thread(target=one.run, kwargs={"sockets": [sock]}, daemon=True)
        thread.start()
        running.append((one, thread, sock))
        while not one.started:
            time.sleep(0.01)
        return f"http://127.0.0.1:{sock.getsockname()[1]}/chat/"

    yield serve
    for one, thread, sock in running:
        one.should_exit = one.force_exit = True  # Gradio holds a stream open for each page
        thread.join(20)
        sock.close()


HOSTILE = "<img src=x onerror=alert(1)> <script>alert(2)</script> ${alert(3)} {{7*7}} ![i](http://e.example/a.png) `x`"


@pytest.fixture(scope="module")
def hostile(lent: Callable[[Assistant], str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page on a pack whose documents, labels and rules hold hostile words."""
    folder: Path = tmp_path_factory.mktemp("hostile")
    for name, text in FILES.items():
        bad = text.replace("First line.", f"First line. {HOSTILE}").replace("## Fares", f"## Fares {HOSTILE}")
        bad = bad.replace('label = "', f"label = '{HOSTILE} ").replace("{HOSTILE} ", HOSTILE)
        bad = re.sub(r"(label = '.*)\"", r"\1'", bad).replace("It is written.", "<img src=y onerror=alert(5)>")
        bad = bad.replace("Bikes ride on Sundays.", "Bikes <img src=z onerror=alert(6)> ride on Sundays.")
        (folder / name).write_text(bad, encoding="utf-8")
    pack = load(folder)
    return lent(Assistant(pack, lambda: Retriever(pack, None)))


@pytest.mark.browser
def test_hostile_documents_run_nothing_and_load_nothing(hostile: str, browser: Browser) -> None:
    with watched(browser, hostile, DESK) as tab:
        ask(tab, "Can I ride on Sunday?")
        for name in ("Explore", "Documents", "Practise"):
            show(tab, name)
            assert tab.locator("#view img, #view script").count() == 0
        show(tab, "Documents")
        tab.get_by_label("Search the documents").fill(HOSTILE)
        tab.keyboard.press("Enter")
        tab.wait_for_selector("#view [role=status]")
        assert tab.locator("img:not(.gradio-container footer img), #view script").count() == 0
        tab.wait_for_timeout(300)


# ---- a slow model


@pytest.fixture(scope="module")
def slow(lent: Callable[[Assistant], str], helper: Assistant) -> str:
    return lent(Slow(helper.pack, lambda: helper.retriever))


def fetched(url: str, data: dict[str, object] | None = None) -> http.client.HTTPResponse:
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(url, body, {"content-type": "application/json"})
    return cast("http.client.HTTPResponse", urllib.request.urlopen(request, timeout=60))


def asked_by_wire(url: str, event: int, session: str) -> bool:
    """Ask as the page does; whether an answer came."""
    data: dict[str, object] = {"data": [REFUSED, None, []], "fn_index": event, "session_hash": session}
    fetched(f"{url}gradio_api/queue/join", data).close()
    with fetched(f"{url}gradio_api/queue/data?session_hash={session}") as stream:
        for line in stream:
            if b'"process_completed"' in line:
                return b"not_supported" in line
    return False


def together(url: str) -> float:
    """Seconds until sixteen people who ask at once have their answers."""
    config = json.load(fetched(f"{url}config"))
    event = next(d["id"] for d in config["dependencies"] if d["targets"][0][1] == "submit")
    start = time.perf_counter()
    with ThreadPoolExecutor(16) as people:
        answered = list(people.map(functools.partial(asked_by_wire, url, event), (f"s{n}" for n in range(16))))
    assert answered == [True] * 16
    return time.perf_counter() - start


@pytest.mark.browser
def test_sixteen_people_are_answered_side_by_side(slow: str) -> None:
    took = together(slow)
    print(f"16 people: {took:.1f} s")
    assert took < 5


@pytest.mark.browser
def test_a_slow_answer_shows_that_it_is_thought_about_and_escape_stops_it(slow: str, browser: Browser) -> None:
    with watched(browser, slow, DESK) as tab:
        tab.fill("#question textarea", REFUSED)
        tab.press("#question textarea", "Enter")
        tab.wait_for_selector("#conversation [data-testid=bot]:has-text('Checking the rules')")
        tab.keyboard.press("Escape")
        tab.wait_for_selector("#conversation .option")
        tab.wait_for_timeout(1500)
        assert tab.locator("#evidence .answer").count() == 0
        ask(tab, REFUSED)


@pytest.mark.browser
def test_the_box_opens_when_the_address_is_drawn_and_holds_the_keyboard(slow: str, browser: Browser) -> None:
    with watched(browser, f"{slow}?ask={quote(REFUSED)}", DESK) as tab:
        assert statuses(tab) == ["not_supported"]
        tab.wait_for_function("() => document.activeElement.matches('#question textarea')")
        tab.keyboard.type("And if it runs Windows?")
        grown(tab, lambda: tab.keyboard.press("Enter"))
        assert statuses(tab)[1:] == ["not_supported"]


# ---- a model's words

WORDS = (
    "The MARS agent backs up Windows files, folders and system state to a Recovery Services vault. [1]",
    "MARS backs up Linux.",
    "DPM and MABS back up files, folders, volumes, system state and app data of on-premises Linux VMs.",
)


@pytest.fixture(scope="module")
def speaking(lent: Callable[[Assistant], str], helper: Assistant) -> Iterator[tuple[str, Behaviour]]:
    """A page whose answers a model words, and how that model behaves."""
    behaviour = Behaviour()
    with model_served(behaviour) as url:
        yield lent(Assistant(helper.pack, lambda: helper.retriever, model(url))), behaviour


@pytest.fixture
def told(speaking: tuple[str, Behaviour], browser: Browser) -> Iterator[tuple[Page, Behaviour]]:
    """A fresh page over a model that says `WORDS`, piece by piece."""
    url, behaviour = speaking
    behaviour.script, behaviour.pause, behaviour.breaks_after = sentences(*WORDS), 0.02, None
    with watched(browser, url, DESK) as tab:
        yield tab, behaviour


def replied(tab: Page) -> str:
    return " ".join(tab.locator("#conversation [data-testid=bot]").last.inner_text().split())


@pytest.fixture(scope="module")
def plain(served: tuple[str, list[str]], browser: Browser) -> str:
    """The reply without a model."""
    with watched(browser, served[0], DESK) as tab:
        ask(tab, REFUSED)
        return replied(tab)


def finished(tab: Page) -> None:
    tab.wait_for_selector("#evidence .path:has-text('Worded with fake')")


@pytest.mark.browser
def test_the_verdict_stands_first_and_proven_sentences_follow_one_by_one(told: tuple[Page, Behaviour]) -> None:
    tab, _ = told
    tab.evaluate("""() => {
        window.seen = [];
        new MutationObserver(() => {
            const said = [...document.querySelectorAll('#conversation [data-testid=bot]')].at(-1)?.innerText ?? '';
            const row = [said.split('A model is at work')[0].trim(), document.querySelectorAll('#evidence .answer').length];
            if (JSON.stringify(row) !== JSON.stringify(seen.at(-1))) seen.push(row);
        }).observe(document.body, { subtree: true, childList: true, characterData: true });
    }""")
    ask(tab, REFUSED)
    finished(tab)
    seen = [(text, n) for text, n in tab.evaluate("seen") if "Not supported" in text]
    texts = list(dict.fromkeys(text for text, n in seen if n))
    assert [x in texts[0] for x in ("No: direct backup of files", *WORDS[:1])] == [True, False]
    assert all(later.startswith(before) for before, later in itertools.pairwise(texts))
    assert len(texts) >= 3
    assert [x in texts[-1] for x in (WORDS[0][:-4], WORDS[1], "State of the documents")] == [True, False, True]
    assert statuses(tab) == ["not_supported"]
    assert "1 of its sentences proven and shown" in newest(tab).inner_text()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_while_a_model_speaks(speaking: tuple[str, Behaviour], browser: Browser, scheme: str) -> None:
    url, behaviour = speaking
    behaviour.script, behaviour.pause, behaviour.breaks_after = sentences(*WORDS), 0.2, None
    with watched(browser, url, PHONE, color_scheme=scheme, reduced_motion="reduce") as tab:
        ask(tab, REFUSED)
        tab.wait_for_selector("#conversation [data-testid=bot]:has-text('A model is at work')")
        assert faults(tab, "streaming") == []
        assert "A model is at work" in replied(tab)
        tab.keyboard.press("Escape")


class _Slow(Assistant):
    """Takes five seconds for a verdict, so that the page is seen thinking."""

    def settle(self, question: str, after: Answer | None = None) -> Answer:
        time.sleep(5)
        return super().settle(question, after)


@pytest.mark.browser
@pytest.mark.parametrize("size", [DESK, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_while_the_page_thinks(
    lent: Callable[[Assistant], str], helper: Assistant, browser: Browser, size: dict[str, int], scheme: str
) -> None:
    url = lent(_Slow(helper.pack, lambda: helper.retriever))
    with watched(browser, url, size, color_scheme=scheme, reduced_motion="reduce") as tab:
        tab.fill("#question textarea", REFUSED)
        tab.press("#question textarea", "Enter")
        tab.wait_for_timeout(1000)
        assert faults(tab, "thinking") == []
        assert tab.locator("#conversation [data-testid=bot]:has-text('MARS')").count() == 0


@pytest.mark.browser
def test_escape_stops_the_model_and_the_answer_of_the_rules_stands(told: tuple[Page, Behaviour], plain: str) -> None:
    tab, behaviour = told
    behaviour.pause = 0.2
    ask(tab, REFUSED)
    tab.wait_for_selector("#conversation [data-testid=bot]:has-text('A model is at work')")
    tab.keyboard.press("Escape")
    tab.wait_for_selector("#conversation [data-testid=bot]:has-text('State of the documents')")
    assert replied(tab) == plain
    tab.wait_for_timeout(1000)
    assert (replied(tab), statuses(tab)) == (plain, ["not_supported"])


@pytest.mark.browser
def test_what_is_typed_while_a_model_speaks_stays_typed(told: tuple[Page, Behaviour]) -> None:
    tab, behaviour = told
    behaviour.pause = 0.1
    ask(tab, REFUSED)
    tab.wait_for_selector("#conversation [data-testid=bot]:has-text('A model is at work')")
    tab.fill("#question textarea", "And on Windows?")
    finished(tab)
    tab.wait_for_timeout(500)
    assert tab.input_value("#question textarea") == "And on Windows?"


@pytest.mark.browser
def test_a_model_that_breaks_off_leaves_the_answer_of_the_rules(told: tuple[Page, Behaviour], plain: str) -> None:
    tab, behaviour = told
    behaviour.breaks_after = 4
    ask(tab, REFUSED)
    finished(tab)
    assert replied(tab) == plain
    assert "It broke off. The words are the rules’ own." in newest(tab).inner_text()
    behaviour.breaks_after = 20
    ask(tab, f"{REFUSED} Really?")
    tab.wait_for_selector("#answer-2 .path:has-text('Worded with fake')")
    said = replied(tab)
    assert WORDS[0][:-4] in said
    assert [s for s in re.findall(r"[^.\]]+\.", plain) if s not in said] == []


@pytest.mark.browser
def test_a_hostile_model_runs_nothing_and_loads_nothing(told: tuple[Page, Behaviour], plain: str) -> None:
    tab, behaviour = told
    behaviour.script = sentences(
        HOSTILE, f"MARS [1](http://e.example) {HOSTILE}", "Yes, it is supported. https://e.example"
    )
    ask(tab, REFUSED)
    finished(tab)
    assert replied(tab) == plain
    assert tab.locator("#conversation img, #evidence img, #evidence script").count() == 0


@pytest.mark.browser
def test_sixteen_people_are_told_side_by_side(speaking: tuple[str, Behaviour]) -> None:
    url, behaviour = speaking
    behaviour.script, behaviour.pause, behaviour.breaks_after = (lambda _: [f"{w} " for w in WORDS]), 1 / 3, None
    took = together(url)
    print(f"16 people with a model of one second: {took:.1f} s")
    assert took < 5


def reads_windows(body: dict[str, object]) -> Sequence[str]:
    """Reads Windows and no tool where we read Linux and the MARS agent, and says `WORDS`."""
    form = body.get("response_format")
    if not isinstance(form, dict):
        return sentences(*WORDS)(body)
    told = {"location": ["on_premises"], "os": ["windows"], "environment": ["virtual"]}
    return [json.dumps({n: told.get(n, []) for n in form["json_schema"]["schema"]["required"]})]


@pytest.fixture(scope="module")
def reader() -> Behaviour:
    return Behaviour(script=reads_windows)


@pytest.fixture(scope="module")
def twice(home: Path, reader: Behaviour, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A whole house whose model reads each question too."""
    with model_served(reader) as url:
        made = Generations(None, home, model=model(url), price=Price(2.0, 10.0), read_twice=True)
        made.open()
        with served_house(made, Settings(state=sqlite(tmp_path_factory.mktemp("twice")))) as one:
            yield one.url


@pytest.mark.browser
@pytest.mark.parametrize("size", [DESK, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_shows_what_a_model_reads_otherwise_and_asks_it_so(
    twice: str, browser: Browser, size: dict[str, int], scheme: str
) -> None:
    with watched(browser, f"{twice}/chat/", size, color_scheme=scheme, reduced_motion="reduce") as tab:
        ask(tab, REFUSED)
        finished(tab)
        assert "fake, a model, reads the question otherwise: Operating system: Windows (ours: Linux)" in replied(tab)
        rows = newest(tab).get_by_role("region", name="Read otherwise").locator("tbody tr").all_inner_texts()
        assert [row.split("\t") for row in rows] == [
            ["Operating system", "Linux", "Windows"],
            ["Tool", "the MARS agent", "not said"],
        ]
        assert faults(tab, "twice") == []
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
        grown(tab, newest(tab).get_by_role("button", name="Ask it so").click)
        assert statuses(tab) == ["supported", "not_supported"]
        assert tab.locator("#conversation [data-testid=user]").last.inner_text().strip() == (
            "What if: Operating system Windows, Tool not said?"
        )


def counted(house: str) -> dict[str, float]:
    """What the house tells of the page's answers, and of its model's results and tokens."""
    lines = urllib.request.urlopen(f"{house}/metrics").read().decode().splitlines()
    names = ('assistant_answers_total{channel="page"', "assistant_model_results_total", "assistant_model_tokens_total")
    return {k: float(v) for k, v in (line.rsplit(" ", 1) for line in lines if line.startswith(names))}


def more(house: str, before: dict[str, float]) -> dict[str, float]:
    """What was counted since."""
    return {k: v - before.get(k, 0) for k, v in counted(house).items() if v != before.get(k, 0)}


@pytest.mark.browser
def test_answers_of_the_page_and_their_model_are_in_the_figures(twice: str, browser: Browser) -> None:
    before = counted(twice)
    with watched(browser, f"{twice}/chat/", DESK) as tab:
        ask(tab, REFUSED)
        finished(tab)
    by = 'engine="rules+retrieval+model"'
    assert more(twice, before) == {
        f'assistant_answers_total{{channel="page",{by},status="not_supported"}}': 1,
        f'assistant_model_results_total{{{by},model="fake",result="mended",task="draft"}}': 1,
        f'assistant_model_results_total{{{by},model="fake",result="differs",task="second"}}': 1,
        f'assistant_model_tokens_total{{direction="in",{by},model="fake",task="draft"}}': 100,
        f'assistant_model_tokens_total{{direction="out",{by},model="fake",task="draft"}}': 20,
        f'assistant_model_tokens_total{{direction="in",{by},model="fake",task="second"}}': 50,
        f'assistant_model_tokens_total{{direction="out",{by},model="fake",task="second"}}': 10,
    }


@pytest.mark.browser
@pytest.mark.parametrize("leave", ["escape", "close"])
def test_what_is_stopped_is_in_the_figures_with_the_answer_that_stands(
    twice: str, reader: Behaviour, browser: Browser, leave: str
) -> None:
    before, reader.pause = counted(twice), 0.2
    with watched(browser, f"{twice}/chat/", DESK) as tab:
        ask(tab, REFUSED)
        tab.wait_for_selector("#conversation [data-testid=bot]:has-text('A model is at work')")
        if leave == "escape":
            tab.keyboard.press("Escape")
            tab.wait_for_selector("#conversation [data-testid=bot]:has-text('State of the documents')")
    deadline = time.monotonic() + 10
    while not (found := more(twice, before)) and time.monotonic() < deadline:
        time.sleep(0.1)
    reader.pause = 0.0
    by = 'engine="rules+retrieval"'
    assert found == {
        f'assistant_answers_total{{channel="page",{by},status="not_supported"}}': 1,
        f'assistant_model_results_total{{{by},model="fake",result="stopped",task="draft"}}': 1,
        f'assistant_model_results_total{{{by},model="fake",result="differs",task="second"}}': 1,
        f'assistant_model_tokens_total{{direction="in",{by},model="fake",task="second"}}': 50,
        f'assistant_model_tokens_total{{direction="out",{by},model="fake",task="second"}}': 10,
    }


# ---- elsewhere


@pytest.mark.browser
def test_the_widget_brings_the_chat_to_a_page_of_an_allowed_origin(
    generations: Generations, browser: Browser, tmp_path: Path
) -> None:
    handler = functools.partial(Still, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as host:
        threading.Thread(target=host.serve_forever, daemon=True).start()
        origin = f"http://127.0.0.1:{host.server_port}"
        with served_house(generations, Settings(state=sqlite(tmp_path), origins=(origin,))) as house:
            (tmp_path / "index.html").write_text(
                '<!doctype html><html lang="en"><title>Host</title><h1>Host</h1>'
                f'<script src="{house.url}/widget.js" data-label="Ask us"></script>',
                encoding="utf-8",
            )
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(origin)
            page.get_by_role("button", name="Ask us").click()
            chat = page.frame_locator("iframe[title='Ask us']")
            chat.locator("#question textarea").fill(REFUSED)
            chat.locator("#question textarea").press("Enter")
            chat.locator("#evidence .answer").wait_for()
            assert chat.locator("#evidence .badge").first.inner_text().endswith("Not supported")
            page.close()
        host.shutdown()


class Still(http.server.SimpleHTTPRequestHandler):
    """A web server that keeps quiet."""

    def log_message(self, *args: object) -> None:
        """Say nothing."""
