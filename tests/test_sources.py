"""The pages that citations lead to: everything at its place, the cited characters marked, nothing from elsewhere."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from served import REFUSED

from assistant.channels.sources import page
from assistant.engine import Assistant
from assistant.pack import load

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from served import Served

PIECE = re.compile(r'<span data-at="(\d+)">(.*?)</span>', re.DOTALL)


def test_every_piece_of_text_stands_where_it_says(helper: Assistant) -> None:
    for document in helper.pack.documents:
        pieces = [(int(at), html.unescape(text)) for at, text in PIECE.findall(page(helper.pack, document))]
        assert [document.text[at : at + len(text)] for at, text in pieces] == [text for _, text in pieces]
        shown = {n for at, text in pieces for n in range(at, at + len(text))}
        letters = {n for u in document.units for n in range(u.start, u.end) if document.text[n].isalnum()}
        links = {n for m in re.finditer(r"\]\([^)]*\)", document.text) for n in range(*m.span())}
        assert letters - links <= shown


def test_hostile_documents_stay_text(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    hostile = '<script>alert(1)</script> <img src="http://evil.example/x"> [go](javascript:alert(1)) ![i](http://evil.example/i)'
    (tmp_path / "docs" / "a.md").write_text(
        f"# <b>T\n\n{hostile}\n\n| a<i> | b |\n|---|---|\n| <u> | {hostile.replace('|', '')} |\n"
    )
    (tmp_path / "pack.toml").write_text(
        'name = "x"\ntitle = "<T>"\nedition = "1"\nedition_words = "<E>"\nabout = "x"\n[[document]]\nid = "a"\nfile = "docs/a.md"\nurl = "javascript:alert(1)"\n'
    )
    pack = load(tmp_path)
    shown = page(pack, pack.document("a"))
    for forbidden in ("<script>a", "<img", "<b>T", "<u>", "<i>", "javascript:", 'href="http'):
        assert forbidden not in shown


def test_a_page_may_run_and_load_our_own_only(house: Served) -> None:
    policy = httpx.get(f"{house.url}/sources/features").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")


# ---- in a browser


@pytest.fixture
def tab(house: Served, browser: Browser) -> Iterator[Page]:
    """A fresh page; at its end it must have asked nobody else and broken no policy."""
    page = browser.new_page()
    elsewhere: list[str] = []
    page.on("request", lambda r: None if r.url.startswith((house.url, "data:", "blob:")) else elsewhere.append(r.url))
    page.on("console", lambda m: elsewhere.append(m.text) if "Content Security Policy" in m.text else None)
    page.on("pageerror", lambda e: elsewhere.append(str(e)))
    yield page
    page.close()
    assert elsewhere == []


def squeezed(text: str) -> str:
    return re.sub(r"[\s|]+", "", text)


@pytest.mark.browser
def test_a_citations_link_shows_its_quote_marked(house: Served, tab: Page) -> None:
    answer = httpx.post(f"{house.url}/v1/ask", json={"question": REFUSED}).json()
    assert len(answer["citations"]) == 2
    for one in answer["citations"]:
        tab.goto("about:blank")
        tab.goto(one["url"])
        marked = "".join(tab.locator("mark").all_inner_texts())
        assert squeezed(marked) == squeezed(one["quote"])
        assert tab.locator("mark").first.is_visible()


@pytest.mark.browser
def test_another_fragment_marks_another_passage(house: Served, tab: Page, helper: Assistant) -> None:
    units = helper.pack.document("features").units
    plain = [u for u in units if u.kind == "paragraph" and "[" not in u.text and "*" not in u.text][:3]
    tab.goto(f"{house.url}/sources/features")
    assert tab.locator("mark").count() == 0
    for unit in plain:
        tab.evaluate("hash => { location.hash = hash; }", f"c{unit.start + 3}-{unit.end - 2}")
        tab.wait_for_function("text => document.querySelector('mark')?.textContent === text", arg=unit.text[3:-2])


@pytest.mark.browser
@pytest.mark.parametrize("fragment", ["", "c", "c5", "c9-3", "c1-99999999", "cx-y", "c-1-5", "%00", "<img src=x>"])
def test_a_strange_fragment_breaks_nothing(house: Served, tab: Page, fragment: str) -> None:
    tab.goto(f"{house.url}/sources/features#{fragment}")
    assert tab.locator("h1").count() == 1


@pytest.mark.browser
def test_the_chat_page_answers_under_its_policy(house: Served, tab: Page) -> None:
    tab.goto(house.url)
    tab.wait_for_selector("textarea")
    tab.fill("textarea", REFUSED)
    tab.press("textarea", "Enter")
    tab.wait_for_selector("#conversation [data-testid=bot] .badge.not_supported")
    assert tab.url == f"{house.url}/chat/?ask=Can+MARS+back+up+our+on-prem+Ubuntu+VM%3F"
