"""The chat page: its turns without a browser, and the real page, served by ``app.py``, in Debian's chromium."""

from __future__ import annotations

import logging
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from assistant.errors import QuestionError
from assistant.types import Answer, Ask

if TYPE_CHECKING:
    from gradio.components.chatbot import MessageDict
    from playwright.sync_api import Browser, Dialog, Page, Request

    from assistant.engine import Assistant

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = Path("/usr/bin/chromium")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DEPENDS = "Can I use Replace existing for my VM?"
REFUSED = "Can MARS back up our on-prem Ubuntu VM?"


class Fake:
    """An assistant of which only `ask` is used."""

    def __init__(self, outcome: Answer | Exception) -> None:
        self.outcome = outcome
        self.heard: list[tuple[str, Answer | None]] = []

    def ask(self, question: str, after: Answer | None = None) -> Answer:
        self.heard.append((question, after))
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    @property
    def helper(self) -> Assistant:
        return cast("Assistant", self)


ANSWER = Answer(id="ans_1", question="One?", status="information", text="One.")


def test_a_turn_carries_on_from_the_last_answer() -> None:
    from assistant.channels.gradio import turn
    from assistant.channels.render import Turn

    fake = Fake(ANSWER)
    before = (Turn("One?", ANSWER), Turn("", None, "Sorry."))
    assert (turn(fake.helper, "Two?", before), fake.heard) == (Turn("Two?", ANSWER), [("Two?", ANSWER)])


def test_a_question_that_cannot_be_read_gets_its_reason() -> None:
    from assistant.channels.gradio import turn
    from assistant.channels.render import Turn

    fake = Fake(QuestionError("the question is empty"))
    assert turn(fake.helper, "?", ()) == Turn("?", None, "Sorry, this cannot be answered: the question is empty.")


def test_a_fault_gets_a_request_id_and_the_log_gets_the_trace(caplog: pytest.LogCaptureFixture) -> None:
    from assistant.channels.gradio import turn

    with caplog.at_level(logging.ERROR, logger="assistant.gradio"):
        apology = turn(Fake(ValueError("secret")).helper, "private words", ()).apology
    request = re.findall(r"request ([0-9a-f]{12})\.", apology)
    assert [(r.message, "secret" in str(r.exc_text), "private" in r.message) for r in caplog.records] == [
        (f"request {request[0]}", True, False)
    ]
    assert "secret" not in apology


def test_the_conversation_starts_with_questions_and_ends_with_chips() -> None:
    from assistant.channels.gradio import conversation
    from assistant.channels.render import Turn

    first = cast("list[MessageDict]", conversation((), ("A?", "B?")))
    assert [m["options"] for m in first] == [[{"value": "A?", "label": "A?"}, {"value": "B?", "label": "B?"}]]
    asked = Ask("day", "Which day?", (("mon", "Monday"),))
    later = cast("list[MessageDict]", conversation((Turn("One?", replace(ANSWER, ask=asked)),), ("A?", "B?")))
    assert [(m["role"], m.get("options")) for m in later] == [
        ("user", None),
        ("assistant", [{"value": "Monday", "label": "Monday"}]),
    ]


# ---- in a browser


@pytest.fixture(scope="module")
def served(home: Path) -> Iterator[tuple[str, list[str]]]:
    """The page's address and what ``app.py`` said before it was up."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed; apt-get install chromium")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {**os.environ, "ASSISTANT_PORT": str(port), "ASSISTANT_HOME": str(home)}
    with subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=settings, stdout=subprocess.PIPE, text=True) as app:
        said = []
        for line in app.stdout or ():
            said.append(line.strip())
            if line.startswith("serving"):
                break
        try:
            yield f"http://127.0.0.1:{port}", said
        finally:
            app.terminate()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed; apt-get install chromium")
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def tab(served: tuple[str, list[str]], browser: Browser) -> Iterator[Page]:
    """A fresh page; at its end it must have asked nobody else and thrown nothing."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    elsewhere: list[str] = []

    def asked(request: Request) -> None:
        if not request.url.startswith((served[0], "data:", "blob:")):
            elsewhere.append(request.url)

    def spoke(dialog: Dialog) -> None:
        elsewhere.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("request", asked)
    page.on("dialog", spoke)
    page.on("pageerror", lambda error: elsewhere.append(f"error: {error}"))
    page.goto(served[0])
    page.wait_for_selector("textarea")
    yield page
    page.close()
    assert elsewhere == []


def ask(tab: Page, question: str) -> None:
    before = tab.locator("#evidence .answer").count()
    tab.fill("textarea", question)
    tab.press("textarea", "Enter")
    tab.wait_for_function("n => document.querySelectorAll('#evidence .answer').length > n", arg=before)


def statuses(tab: Page) -> list[str]:
    """Status of each answer in the evidence, newest first."""
    found = tab.eval_on_selector_all("#evidence .answer > summary .badge", "all => all.map(e => e.className)")
    return [name.removeprefix("badge ") for name in found]


@pytest.mark.browser
def test_the_first_screen_says_its_scope_and_offers_four_questions(tab: Page, helper: Assistant) -> None:
    scope = tab.inner_text("#scope p")
    assert [
        x in scope for x in (str(len(helper.pack.sections)), helper.pack.edition_words, helper.pack.digest[:12])
    ] == [True] * 3
    assert tab.locator("#conversation .option").count() == 4


@pytest.mark.browser
@pytest.mark.parametrize(
    ("card", "status"), [(0, "supported"), (1, "not_supported"), (2, "depends"), (3, "information")]
)
def test_the_starting_questions_are_a_yes_a_no_a_depends_and_a_how_to(tab: Page, card: int, status: str) -> None:
    tab.locator("#conversation .option").nth(card).click()
    tab.wait_for_selector("#evidence .answer")
    assert statuses(tab) == [status]
    assert tab.locator("#evidence mark").count() > 0


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
    ask(tab, DEPENDS)
    opened = "all => all.map(e => e.open)"
    assert tab.eval_on_selector_all("#evidence .answer", opened) == [True, False]
    tab.locator("#conversation a[href='#src-1-1']").first.click()
    tab.wait_for_selector("#src-1-1:target mark", state="visible")
    assert tab.eval_on_selector_all("#evidence .answer", opened) == [True, True]


@pytest.mark.browser
def test_a_chip_answers_what_was_asked_back(tab: Page) -> None:
    ask(tab, DEPENDS)
    tab.locator("#conversation .option").first.click()
    tab.wait_for_function("() => document.querySelectorAll('#evidence .answer').length == 2")
    assert statuses(tab)[1] == "depends"
    assert statuses(tab)[0] in {"supported", "not_supported", "depends"}


@pytest.mark.browser
def test_clearing_starts_a_new_conversation(tab: Page) -> None:
    ask(tab, DEPENDS)
    tab.get_by_role("button", name="Clear").click()
    tab.wait_for_function("() => !document.querySelector('#evidence .answer')")
    assert tab.locator("#conversation .option").count() == 4


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
def test_a_question_too_long_gets_a_sentence(tab: Page) -> None:
    tab.fill("textarea", "word " * 40_000)
    tab.press("textarea", "Enter")
    tab.wait_for_selector("#conversation [data-testid=bot]:has-text('Sorry')")
    assert tab.locator("#evidence .answer").count() == 0


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_evidence_stands_beside_on_a_desk_and_below_on_a_phone(tab: Page, width: int) -> None:
    tab.set_viewport_size({"width": width, "height": 844})
    ask(tab, REFUSED)
    chat, evidence = tab.locator("#conversation").bounding_box(), tab.locator("#evidence").bounding_box()
    assert chat
    assert evidence
    assert (evidence["y"] >= chat["y"] + chat["height"], evidence["x"] >= chat["x"] + chat["width"]) == (
        width < 500,
        width > 500,
    )
    assert tab.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.browser
def test_sessions_do_not_mix(served: tuple[str, list[str]], browser: Browser, tab: Page) -> None:
    ask(tab, REFUSED)
    other = browser.new_page()
    other.goto(served[0])
    other.wait_for_selector("textarea")
    ask(other, "Windows")
    assert other.locator("#evidence .answer").count() == 1
    ask(tab, "And if it runs Windows?")
    assert statuses(tab)[1] == "not_supported"
    other.close()


@pytest.mark.browser
def test_the_app_says_each_step(served: tuple[str, list[str]]) -> None:
    url, said = served
    assert (said[0].split()[:3], said[-1].split()[:3]) == (["opening", "the", "index"], ["serving", "on", f"{url}/"])
