"""Open WebUI at our door, in Chromium: our passages are its source chips. `make nightly-webui` runs it in a network of its own.

$OPENWEBUI is the folder of its environment.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from chats import QUESTION, until
from conftest import CHROMIUM, QUIET
from playwright.sync_api import Page, sync_playwright
from served import Served

from assistant.engine import Assistant

PROGRAM = Path(os.environ.get("OPENWEBUI", "/tmp/openwebui")) / "bin/open-webui"
SHOTS = Path(os.environ.get("SHOTS", "/tmp/openwebui"))
PORT = 18660
URL = f"http://127.0.0.1:{PORT}"
ICONS = "www.google.com"
"""Where its page itself asks for a source's icon, telling the source's address."""


@pytest.fixture(scope="module")
def program(house: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """It, new, without log-in, with our house as the only connection; the rest is as it comes."""
    folder = tmp_path_factory.mktemp("openwebui")
    environment = {
        **os.environ, "DATA_DIR": str(folder), "WEBUI_AUTH": "False", "WEBUI_SECRET_KEY": "test", "OFFLINE_MODE": "True",
        "ENABLE_OLLAMA_API": "False", "OPENAI_API_BASE_URL": f"{house.url}/v1", "OPENAI_API_KEY": "any", "RAG_EMBEDDING_ENGINE": "openai",
    }  # fmt: skip
    environment.pop("PYTHONPATH", None)
    made: list[str | Path] = [PROGRAM, "serve", "--host", "127.0.0.1", "--port", str(PORT)]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(made, stdout=log, stderr=log, cwd=folder, env=environment) as server,
    ):
        try:
            until(_up, 120)
            yield URL
        finally:
            server.terminate()


def _up() -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(f"{URL}/health").status_code == 200
    return False


@pytest.fixture
def page(program: str) -> Iterator[Page]:
    """A new chat, its greeting dismissed; nobody but this machine can be reached."""
    nobody = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, nobody])
        shown = browser.new_page(viewport={"width": 1280, "height": 900})
        shown.goto(program)
        shown.get_by_role("button", name="Okay, Let's Go!").click(timeout=30_000)
        yield shown
        browser.close()


def say(page: Page, words: str) -> None:
    box = page.locator("#chat-input")
    box.wait_for(timeout=20_000)
    box.click()
    page.keyboard.type(words)
    page.keyboard.press("Enter")


def test_passages_are_its_source_chips_and_a_turn_follows_another(page: Page, house: Served, helper: Assistant) -> None:
    hosts: set[str | None] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    first = helper.ask(QUESTION)
    second = helper.ask("virtual", after=first)
    say(page, QUESTION)
    page.get_by_text("It depends on environment").wait_for(timeout=20_000)
    page.get_by_role("button", name="Toggle 2 sources").wait_for(timeout=20_000)
    page.screenshot(path=SHOTS / "depends.png")
    assert [c.title for c in first.citations] == chips(page)
    say(page, "virtual")
    page.get_by_role("button", name="Toggle 1 source").wait_for(timeout=20_000)
    assert [c.title for c in (*first.citations, *second.citations)] == chips(page)
    page.get_by_role("button", name="Toggle 1 source").click()
    place = second.citations[0]
    source = f"{house.url}/sources/{place.section_id.partition('#')[0]}#c{place.start}-{place.end}"
    page.get_by_role("button", name=f"View source: 1 {source}").click()
    page.get_by_role("link", name=source).wait_for(timeout=20_000)
    page.screenshot(path=SHOTS / "source.png")
    assert hosts <= {"127.0.0.1", ICONS}


def chips(page: Page) -> list[str]:
    """The titles of the chips within the text, in order; the lists below it show addresses instead."""
    return page.locator("p, li").get_by_role("button", name="View source").all_inner_texts()
