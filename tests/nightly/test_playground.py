"""Teams' own look at our answers: Microsoft 365 Agents Playground in Chromium. It listens on every interface, so run it in a
network namespace of its own, as `make nightly-teams` does. $PLAYGROUND is the folder of its npm packages."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from chats import QUESTION, Desk, served, until
from playwright.sync_api import Page, sync_playwright
from starlette.applications import Starlette
from test_teams import APP, ours

from assistant.channels import teams
from assistant.channels.teams import Settings
from assistant.engine import Assistant

NODE = Path(os.environ.get("PLAYGROUND", "/tmp/playground")) / "node_modules/.bin/agentsplayground"
SHOTS = Path(os.environ.get("SHOTS", "/tmp/playground"))
PORT = 18682
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]


def _up() -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", PORT)) == 0


@pytest.fixture
def desk(helper: Assistant) -> Desk:
    return Desk(helper)


@pytest.fixture
def page(desk: Desk, tmp_path: Path) -> Iterator[Page]:
    """The Playground's chat with our bot."""
    with served(Starlette(routes=teams.routes(desk, Settings(APP, open=True), token=ours))) as url:
        made = [
            str(NODE),
            "-e",
            f"{url}{teams.PATH}",
            "-c",
            "msteams",
            "-p",
            str(PORT),
            "--su",
            f"http://127.0.0.1:{PORT}/_connector",
            "--dt",
        ]
        with (
            (tmp_path / "log").open("w") as log,
            subprocess.Popen(made, stdout=log, stderr=log, cwd=tmp_path) as server,
        ):
            try:
                until(_up, 30)
                with sync_playwright() as play:
                    browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
                    shown = browser.new_page(viewport={"width": 1280, "height": 900})
                    shown.goto(f"http://127.0.0.1:{PORT}/", wait_until="domcontentloaded")
                    yield shown
                    browser.close()
            finally:
                server.terminate()


def say(page: Page, words: str) -> None:
    box = page.locator('[contenteditable="true"]').first
    box.wait_for(timeout=20_000)
    box.click()
    page.keyboard.type(words)
    page.keyboard.press("Enter")


def test_an_answer_has_chips_a_card_and_buttons(page: Page, desk: Desk) -> None:
    say(page, QUESTION)
    page.get_by_text("It depends on environment").first.wait_for(timeout=20_000)
    page.get_by_text("M-06", exact=True).wait_for(timeout=20_000)
    page.screenshot(path=SHOTS / "depends.png")
    assert page.locator("li .fai-Citation").all_inner_texts() == ["1", "2"]
    page.get_by_role("button", name="physical", exact=True).click()
    page.get_by_text("Alex Wilber: physical", exact=True).wait_for(timeout=20_000)
    page.screenshot(path=SHOTS / "chosen.png")
    assert [a.status for a in desk.answers.values()] == ["not_supported"]
    page.get_by_role("button", name="Dislike").first.click()
    page.get_by_role("button", name="Submit").click()
    until(lambda: desk.ratings)
    assert [r.rating for r in desk.ratings] == ["down"]
