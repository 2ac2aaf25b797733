"""What the tabs show for a query: Explore, Documents, Practise, Check a text; on two subjects, and on bent queries."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.channels.checking import checked, checking
from assistant.channels.documents import documents
from assistant.channels.explore import explore
from assistant.channels.practise import practise
from assistant.drill import drills
from assistant.engine import Assistant, shipped
from assistant.pack import load
from assistant.retrieve import Retriever
from assistant.types import Citation, Claim, Summary, Verification

AZURE = Assistant(load(shipped()), lambda: Retriever(load(shipped()), None))
VIEWS = {"explore": explore, "documents": documents, "practise": practise}


def links(shown: str) -> list[dict[str, str]]:
    """The places of the page that a view leads to."""
    return [dict(parse_qsl(unescape(q), keep_blank_values=True)) for q in re.findall(r'href="\?([^"]*)"', shown)]


# ---- explore


def test_the_map_has_a_cell_for_each_pair_and_each_opens_its_proof(bicycles: Assistant) -> None:
    cells = [q for q in links(explore(bicycles, {})) if "cell" in q]
    assert [q["cell"] for q in cells] == [f"{b},{r}" for b in BIKES for r in RIDERS]
    opened = explore(bicycles, next(q for q in cells if q["cell"] == "cargo,teenager"))
    assert opened.count('aria-current="true"') == 1
    assert "Cargo bikes are not rented to teenagers." in opened
    assert "<mark>Cargo bikes are not rented to teenagers, because the brakes take strength.</mark>" in opened


BIKES, RIDERS = ("city", "racing", "electric", "cargo"), ("child", "teenager", "adult")


def test_axes_are_chosen_and_the_rest_is_pinned(bicycles: Assistant) -> None:
    query = {"decision": "rent", "rows": "renter", "columns": "helmet", "at.bike": "city"}
    shown = explore(bicycles, query)
    kinds = re.findall(r'<td class="(\w+)">', shown)
    assert kinds == ["supported", "not_supported", "supported", "supported", "supported", "supported"]
    assert {q.get("at.bike") for q in links(shown) if "cell" in q} == {"city"}


def test_a_decision_about_a_value_shows_its_values(bicycles: Assistant) -> None:
    shown = explore(bicycles, {"decision": "deposit"})
    assert sorted(set(re.findall(r"</span> ([^<]*)</a></td>", shown))) == ["20 francs", "200 francs"]


def test_each_decision_of_the_shipped_pack_can_be_laid_out() -> None:
    for decision in AZURE.pack.decisions:
        cells = [q for q in links(explore(AZURE, {"decision": decision})) if "cell" in q]
        assert cells
        assert "data-here" in explore(AZURE, cells[0])


# ---- documents


def test_a_passage_is_marked_in_its_document(bicycles: Assistant) -> None:
    place = bicycles.pack.rule("B-3").place
    shown = documents(bicycles, {"section": place.source, "at": f"{place.start}-{place.end}"})
    assert re.findall("<mark>(.*?)</mark>", shown) == [place.quote]


def test_rules_stand_beside_the_section_that_they_cite() -> None:
    for section in AZURE.pack.sections.values():
        shown = documents(AZURE, {"section": section.id})
        aside = shown.partition(f'aria-label="Rules that cite {section.title}"')[2].partition("</aside>")[0]
        cited = [r.id for r in AZURE.pack.rules if r.place.source == section.id]
        titles = [s.title for s in AZURE.pack.document(section.document).sections]
        if titles.count(section.title) == 1:
            assert re.findall("<code>(.*?)</code>", aside) == cited


def test_every_word_of_a_document_can_be_read() -> None:
    for document in AZURE.pack.documents:
        shown = re.sub(r"<[^>]*>", " ", documents(AZURE, {"section": document.sections[0].id}))
        for unit in document.units:
            words = re.findall(r"[A-Za-z]{4,}", re.sub(r"\]\([^)]*\)", "", unit.text))
            assert [w for w in words if w not in shown] == []


def test_a_search_leads_to_its_places(bicycles: Assistant) -> None:
    shown = documents(bicycles, {"q": "cargo brakes"})
    found = [q for q in links(shown) if "at" in q]
    assert found[0]["section"] == "rental#who-may-ride"
    assert "Nothing found." in documents(bicycles, {"q": "zzzzz"})


# ---- practise


def test_a_round_is_played_to_its_score() -> None:
    items = drills(AZURE.checker, 4, 8)
    picked = [d.right if n % 2 else (d.right + 1) % len(d.options) for n, d in enumerate(items)]
    for place in range(8):
        shown = practise(AZURE, {"seed": "4", "picked": ".".join(map(str, picked[:place]))})
        assert f"Question {place + 1} of 8" in shown
        assert shown.count("<button>") == len(items[place].options)
        assert (("✔ Right: " in shown), ("✘ Not right. The answer is: " in shown)) == (
            place > 0 and place % 2 == 0,
            place % 2 == 1,
        )
    end = practise(AZURE, {"seed": "4", "picked": ".".join(map(str, picked))})
    assert ("4 of 8 right" in end, "seed=5" in end, "Question" in end) == (True, True, False)


def test_every_answer_comes_with_its_proof() -> None:
    for seed in range(5):
        for n, drill in enumerate(drills(AZURE.checker, seed, 8)):
            picked = ".".join(["0"] * (n + 1))
            shown = practise(AZURE, {"seed": str(seed), "picked": picked})
            assert f"<code>{drill.rule}</code>" in shown or "<mark>" in shown


def test_the_same_query_shows_the_same() -> None:
    assert practise(AZURE, {"seed": "9"}) == practise(AZURE, {"seed": "9"})


# ---- any query


@settings(max_examples=60)  # each draws three whole views
@given(
    st.dictionaries(
        st.sampled_from(["decision", "rows", "columns", "cell", "at.os", "section", "at", "q", "seed", "picked"]),
        st.one_of(
            st.text(max_size=12),
            st.sampled_from(
                [
                    "backup",
                    "os",
                    "tool",
                    "dpm,linux",
                    "0.1",
                    "99.9",
                    "features#tools-agents",
                    "5-9",
                    "<img src=x>",
                    "9" * 30,
                ]
            ),
        ),
        max_size=5,
    )
)
def test_any_query_is_shown_and_nothing_of_it_is_markup(fields: dict[str, str]) -> None:
    for view in VIEWS.values():
        shown = view(AZURE, fields)
        assert shown.startswith("<section")
        assert [x for x in ("<img", "<script", "${", "{{", "`") if x in shown] == []


@pytest.mark.parametrize("name", VIEWS)
def test_a_pack_without_rules_still_shows_its_documents(name: str) -> None:
    from conftest import PACKS

    garden = load(PACKS / "garden")
    shown = VIEWS[name](Assistant(garden, lambda: Retriever(garden, None)), {})
    words = {"explore": "no rules to lay out", "documents": "Contents", "practise": "no rules to make questions from"}
    assert (shown.startswith("<section"), words[name] in shown) == (True, True)


# ---- check a text


PLACE = Citation(1, "a#b", "B", (), "", "", "the <quote>", 3, 9, 0, 1)


def test_sentences_are_coloured_by_their_standing_and_corrected() -> None:
    text = "A<b>. Wrong & rest."
    claims = (
        Claim("A<b>.", 0, 5, "proven"),
        Claim("Wrong", 6, 11, "contradicted", (), (PLACE,), "It is <so>."),
        Claim("Wrong", 6, 11, "disputed"),
    )
    shown = checked(Verification(text, claims, "fixed", Summary(3, 1, 1, 1, 0, 1.0)))
    assert '<a class="claim proven" href="#claim-1">' in shown
    assert "A&lt;b&gt;.</a> <a" in shown
    assert "<p>Rather: It is &lt;so&gt;.</p>" in shown
    assert "“the &lt;quote&gt;”" in shown
    assert 'data-copy="fixed"' in shown
    assert "3 claims: 1 proven, 1 contradicted, 1 disputed" in shown
    assert re.sub("<[^>]*>", "", shown.partition('class="checked">')[2].partition("</div>")[0]).endswith(" &amp; rest.")


def test_a_pasted_text_is_checked_by_the_assistant() -> None:
    shown = checking(AZURE, {"text": "GRS is the default. GRS is not the default."})
    assert "2 claims: 1 proven, 1 contradicted" in shown
