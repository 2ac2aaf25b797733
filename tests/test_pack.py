"""A folder of knowledge in, a Pack out; whatever is wrong with it is said with its place and its remedy."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from assistant.errors import PackError, UnknownName
from assistant.pack import Pack, digest, load

FILES = {
    "pack.toml": """\
name = "tea"
title = "Tea"
edition = "2020-01"
[[document]]
id = "guide"
file = "docs/guide.md"
url = "https://example.org/guide"
""",
    "docs/guide.md": """\
# Guide

## Green

Green tea is brewed at 80 degrees. Milk spoils green tea.

## Black

Black tea takes boiling water. Milk suits black tea.
""",
    "vocabulary.toml": """\
[dimension.leaf]
kind = "fact"
label = "Leaf"
ask = "Green or black?"
[dimension.leaf.values.green]
label = "green tea"
words = ["green"]
[dimension.leaf.values.black]
label = "black tea"
words = ["black"]
[dimension.cup]
kind = "choice"
ask = "Which cup?"
[dimension.cup.values.mug]
words = ["mug"]
[dimension.cup.values.glass]
words = ["glass"]
[dimension.heat]
kind = "asked"
ask = "How hot?"
[dimension.heat.values.hot]
[dimension.heat.values.boiling]
[[phrase]]
words = ["matcha"]
facts = { leaf = "green" }
[[silence]]
id = "prices"
words = ["price"]
says = "No prices."
source = "guide#green"
quote = "Green tea is brewed at 80 degrees."
""",
    "decisions.toml": """\
[[decision]]
id = "milk"
kind = "capability"
label = "milk"
asks = "leaf"
read = [["milk"], ["@leaf=green", "cream"]]
[[decision]]
id = "water"
kind = "value"
outcome = "heat"
label = "the water"
states = "The water is {value}."
read = [["water"]]
[[assume]]
decision = "milk"
set = { cup = "mug" }
why = "most drink from mugs"
[[implies]]
when = { leaf = "green" }
then = { cup = "glass" }
[[axiom]]
id = "X-1"
never = { leaf = "black", cup = "glass" }
says = "black tea is not served in a glass"
source = "guide#black"
quote = "Black tea takes boiling water."
""",
    "rules.toml": """\
[[rule]]
id = "T-1"
decision = "milk"
when = { leaf = "green" }
then = "not_supported"
title = "Milk spoils green tea."
because = "It turns bitter."
source = "guide#green"
quote = "Milk spoils green tea."
basis = "explicit"
fires = ["Can I put milk into green tea?"]
silent = ["Can I put milk into black tea?"]
[[rule]]
id = "T-2"
decision = "milk"
when = { leaf = "black", cup = ["mug", "glass"] }
then = "supported"
title = "Milk suits black tea."
because = "So says the guide."
source = "guide#black"
quote = "Milk suits black tea."
basis = "explicit"
fires = ["Can I put milk into black tea?"]
silent = ["Can I put milk into green tea?"]
[[resolution]]
id = "Z-1"
kind = "prefer"
win = ["T-1"]
over = ["T-2"]
why = "Green tea is delicate."
[[tension]]
id = "K-1"
decision = "milk"
when = { leaf = "green" }
says = "One place says so, the other not."
places = [
  { source = "guide#green", quote = "Milk spoils green tea." },
  { source = "guide#black", quote = "Milk suits black tea." },
]
""",
    "facts.toml": """\
[[fact]]
id = "F-1"
source = "guide#green"
quote = "Green tea is brewed at 80 degrees."
about = { leaf = "green" }
attribute = "Heat"
value = "80 degrees"
asks = ["How hot is the water for green tea?"]
""",
}


def write(folder: Path, files: dict[str, str]) -> Path:
    """The folder of a pack with these files."""
    root = folder / "tea"
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    return root


def changed(name: str, old: str, new: str) -> dict[str, str]:
    """The files of the good pack with one text in one of them replaced, wherever it stands."""
    assert old in FILES[name], f"the case is stale: {old!r} is not in {name}"
    return {**FILES, name: FILES[name].replace(old, new)}


def added(name: str, text: str) -> dict[str, str]:
    """The files of the good pack with a text appended to one of them."""
    return {**FILES, name: FILES[name] + text}


def complaint(folder: Path, files: dict[str, str]) -> str:
    """What `load` says of these files."""
    with pytest.raises(PackError) as raised:
        load(write(folder, files))
    return str(raised.value)


@pytest.fixture
def tea(tmp_path: Path) -> Pack:
    return load(write(tmp_path, FILES))


# ---- a good pack


def test_a_good_pack_is_read_whole(tea: Pack) -> None:
    assert (tea.name, tea.title, tea.edition, tea.edition_words, tea.about) == ("tea", "Tea", "2020-01", "2020-01", "")
    assert {n: d.names for n, d in tea.dimensions.items()} == {
        "leaf": ("green", "black"),
        "cup": ("mug", "glass"),
        "heat": ("hot", "boiling"),
    }
    assert {n: (d.kind, d.asks, d.outcome) for n, d in tea.decisions.items()} == {
        "milk": ("capability", "leaf", ""),
        "water": ("value", "", "heat"),
    }
    assert [(r.id, r.when, r.then) for r in tea.rules] == [
        ("T-1", {"leaf": ("green",)}, "not_supported"),
        ("T-2", {"leaf": ("black",), "cup": ("mug", "glass")}, "supported"),
    ]
    assert [(z.id, z.kind, z.win, z.over) for z in tea.resolutions] == [("Z-1", "prefer", ("T-1",), ("T-2",))]
    assert [(a.id, a.never) for a in tea.axioms] == [("X-1", {"leaf": ("black",), "cup": ("glass",)})]
    assert [(a.decision, a.when, a.set, a.silent) for a in tea.assumptions] == [("milk", {}, {"cup": "mug"}, False)]
    assert [(i.when, i.then) for i in tea.implications] == [({"leaf": ("green",)}, {"cup": "glass"})]
    assert [p.facts for p in tea.phrases] == [{"leaf": ("green",)}]
    assert [s.id for s in tea.silences] == ["prices"]
    assert [f.id for f in tea.facts] == ["F-1"]
    assert [len(t.places) for t in tea.tensions] == [2]


def test_every_quote_stands_at_its_place(tea: Pack, azure: Pack) -> None:
    for pack in (tea, azure):
        places = [r.place for r in pack.rules] + [a.place for a in pack.axioms] + [f.place for f in pack.facts]
        places += [s.place for s in pack.silences] + [p for t in pack.tensions for p in t.places]
        for place in places:
            section = pack.section(place.source)
            assert pack.document(section.document).text[place.start : place.end] == place.quote
            assert section.start <= place.start < place.end <= section.end


def test_values_of_facts_come_in_the_order_of_the_vocabulary(tmp_path: Path) -> None:
    pack = load(write(tmp_path, changed("rules.toml", '["mug", "glass"]', '["glass", "mug", "glass"]')))
    assert pack.rule("T-2").when["cup"] == ("mug", "glass")


def test_a_pack_of_documents_alone_is_a_pack(tmp_path: Path) -> None:
    pack = load(write(tmp_path, {n: FILES[n] for n in ("pack.toml", "docs/guide.md")}))
    assert (pack.rules, pack.facts, dict(pack.decisions), dict(pack.dimensions)) == ((), (), {}, {})
    assert list(pack.sections) == ["guide#guide", "guide#green", "guide#black"]


def test_documents_need_not_be_listed(tmp_path: Path) -> None:
    files = {
        "pack.toml": 'name = "tea"\ntitle = "Tea"\nedition = "1"\nurl = "https://example.org/"\n',
        "docs/b/deep.md": "# Deep\n\ntext\n",
        "docs/a.md": "# A\n\ntext\n",
    }
    assert [(d.id, d.file, d.url) for d in load(write(tmp_path, files)).documents] == [
        ("a", "docs/a.md", "https://example.org/a"),
        ("b/deep", "docs/b/deep.md", "https://example.org/b/deep"),
    ]


def test_the_names_of_a_pack_are_looked_up_with_help(tea: Pack) -> None:
    assert tea.rule("T-1").id == "T-1"
    with pytest.raises(UnknownName, match=r"^unknown rule 'T-3'; did you mean 'T-2'\?$"):
        tea.rule("T-3")
    with pytest.raises(UnknownName, match=r"^unknown section 'guide#gren'; did you mean 'guide#green'\?$"):
        tea.section("guide#gren")
    with pytest.raises(UnknownName, match=r"^unknown document 'guid'; did you mean 'guide'\?$"):
        tea.document("guid")
    assert tea.label("leaf", "green") == "green tea"


# ---- the digest


def test_the_digest_is_that_of_names_and_bytes(tmp_path: Path) -> None:
    root = write(tmp_path, FILES)
    total = hashlib.sha256()
    for name in sorted(FILES, key=lambda n: root / n):
        total.update(f"{name}\0{hashlib.sha256(FILES[name].encode()).hexdigest()}\n".encode())
    assert load(root).digest == digest(root) == total.hexdigest()


@pytest.mark.parametrize("name", FILES)
def test_the_digest_changes_with_every_file(tmp_path: Path, name: str) -> None:
    before = digest(write(tmp_path / "a", FILES))
    assert digest(write(tmp_path / "b", added(name, "\n"))) != before
    assert digest(write(tmp_path / "c", FILES)) == before


def test_the_digest_changes_with_a_files_name(tmp_path: Path) -> None:
    root = write(tmp_path, FILES)
    before = digest(root)
    (root / "docs" / "guide.md").rename(root / "docs" / "handbook.md")
    assert digest(root) != before


# ---- bad packs: (files, everything that the message has to say)

RULE = FILES["rules.toml"].split("[[rule]]")[1]
BAD: dict[str, tuple[dict[str, str], list[str]]] = {
    "no pack.toml": ({n: t for n, t in FILES.items() if n != "pack.toml"}, ["tea/pack.toml", "missing"]),
    "a listed document is missing": (
        {n: t for n, t in FILES.items() if n != "docs/guide.md"},
        ["docs/guide.md", "missing"],
    ),
    "no documents": (
        {"pack.toml": 'name = "tea"\ntitle = "Tea"\nedition = "1"\n'},
        ["tea/pack.toml", "no [[document]]", "docs/", "name a document"],
    ),
    "pack.toml is not TOML": (
        changed("pack.toml", 'name = "tea"', "name = tea"),
        ["tea/pack.toml", "not valid TOML", "line 1"],
    ),
    "rules.toml is not TOML": (
        changed("rules.toml", "[[resolution]]", "[[resolution]"),
        ["tea/rules.toml", "not valid TOML", "line "],
    ),
    "a key twice in one table": (
        changed("rules.toml", 'id = "T-1"', 'id = "T-1"\nid = "T-1"'),
        ["tea/rules.toml", "not valid TOML"],
    ),
    "no name": (changed("pack.toml", 'name = "tea"\n', ""), ["tea/pack.toml", "'name' is missing", "add it"]),
    "no edition": (
        changed("pack.toml", 'edition = "2020-01"\n', ""),
        ["tea/pack.toml", "'edition' is missing", "add it"],
    ),
    "a number for a name": (
        changed("pack.toml", 'name = "tea"', "name = 7"),
        ["tea/pack.toml", "'name' should be a string", "7"],
    ),
    "an unknown key of the pack": (
        {**FILES, "pack.toml": 'titel = "x"\n' + FILES["pack.toml"]},
        ["tea/pack.toml", "unknown key 'titel'", "did you mean 'title'?"],
    ),
    "an unknown key of a document": (
        added("pack.toml", 'ulr = "x"\n'),
        ["tea/pack.toml", "document guide", "unknown key 'ulr'", "did you mean 'url'?"],
    ),
    "a document without a file": (
        changed("pack.toml", 'file = "docs/guide.md"\n', ""),
        ["tea/pack.toml", "document guide", "'file' is missing"],
    ),
    "a table for a document": (
        {**FILES, "pack.toml": FILES["pack.toml"].replace("[[document]]", "[document]")},
        ["tea/pack.toml", "'document' should be a list"],
    ),
    "two documents of one id": (
        added("pack.toml", '[[document]]\nid = "guide"\nfile = "docs/guide.md"\n'),
        ["tea/pack.toml", "'guide' is used twice", "ids are unique"],
    ),
    "a document outside of the pack": (
        {**changed("pack.toml", "docs/guide.md", "../outside.md"), "../outside.md": "# Outside\n"},
        ["tea/pack.toml", "'guide'", "'../outside.md' lies outside the pack", "move it inside"],
    ),
    "a document at an absolute path": (
        changed("pack.toml", "docs/guide.md", "/etc/hostname"),
        ["tea/pack.toml", "'/etc/hostname' lies outside the pack"],
    ),
    "a document that is a folder": (changed("pack.toml", "docs/guide.md", "docs"), ["docs", "cannot be read"]),
    "a drifted quote": (
        changed("docs/guide.md", "Milk spoils green tea.", "Milk ruins green tea."),
        [
            "tea/rules.toml",
            "rule T-1",
            "the quote is not in guide#green",
            "'Milk spoils green tea.'",
            "letter by letter",
        ],
    ),
    "a quote of another section": (
        changed("rules.toml", 'source = "guide#green"\nquote', 'source = "guide#black"\nquote'),
        ["tea/rules.toml", "rule T-1", "the quote is not in guide#black"],
    ),
    "a quote that runs into the next section": (
        changed(
            "rules.toml",
            'quote = "Milk spoils green tea."\nbasis',
            'quote = "Milk spoils green tea.\\n\\n## Black"\nbasis',
        ),
        ["tea/rules.toml", "rule T-1", "the quote is not in guide#green"],
    ),
    "an empty quote": (
        changed("rules.toml", 'quote = "Milk spoils green tea."\nbasis', 'quote = ""\nbasis'),
        ["tea/rules.toml", "rule T-1", "the quote is not in guide#green"],
    ),
    "a renamed heading": (
        changed("docs/guide.md", "## Green", "## Greens"),
        ["tea/rules.toml", "rule T-1", "unknown section 'guide#green'", "did you mean 'guide#greens'?"],
    ),
    "an unknown section in a rule": (
        changed("rules.toml", 'source = "guide#black"\nquote', 'source = "guide#blck"\nquote'),
        ["tea/rules.toml", "rule T-2", "unknown section 'guide#blck'", "did you mean 'guide#black'?"],
    ),
    "two rules of one id": (
        changed("rules.toml", 'id = "T-2"', 'id = "T-1"'),
        ["tea/rules.toml", "rule T-1", "'T-1' is used twice", "ids are unique"],
    ),
    "two decisions of one id": (
        changed("decisions.toml", 'id = "water"', 'id = "milk"'),
        ["tea/decisions.toml", "decision milk", "used twice"],
    ),
    "two resolutions of one id": (
        added(
            "rules.toml", '[[resolution]]\nid = "Z-1"\nkind = "disclose"\nwin = ["T-1"]\nover = ["T-2"]\nwhy = "x"\n'
        ),
        ["tea/rules.toml", "resolution Z-1", "used twice"],
    ),
    "two facts of one id": (added("facts.toml", FILES["facts.toml"]), ["tea/facts.toml", "fact F-1", "used twice"]),
    "a rule of an unknown decision": (
        changed("rules.toml", 'id = "T-1"\ndecision = "milk"', 'id = "T-1"\ndecision = "mlik"'),
        ["tea/rules.toml", "rule T-1", "decision 'mlik' is unknown", "did you mean 'milk'?"],
    ),
    "an unknown dimension in a rule": (
        changed("rules.toml", 'when = { leaf = "green" }\nthen', 'when = { laef = "green" }\nthen'),
        ["tea/rules.toml", "rule T-1", "unknown dimension 'laef'", "did you mean 'leaf'?"],
    ),
    "an unknown value in a rule": (
        changed("rules.toml", '["mug", "glass"]', '["mug", "glas"]'),
        ["tea/rules.toml", "rule T-2", "unknown value 'glas' of cup", "did you mean 'glass'?"],
    ),
    "an unknown outcome": (
        changed("rules.toml", 'then = "supported"', 'then = "suported"'),
        ["tea/rules.toml", "rule T-2", "then 'suported' is unknown", "did you mean 'supported'?"],
    ),
    "a capability for a value": (
        added("rules.toml", "[[rule]]" + RULE.replace("T-1", "T-9").replace('decision = "milk"', 'decision = "water"')),
        ["tea/rules.toml", "rule T-9", "then 'not_supported' is unknown", "known: boiling, hot"],
    ),
    "an unknown basis": (
        changed("rules.toml", 'basis = "explicit"', 'basis = "explict"'),
        ["tea/rules.toml", "rule T-1", "basis 'explict' is unknown", "did you mean 'explicit'?"],
    ),
    "a misspelt key of a rule": (
        changed("rules.toml", 'because = "It turns bitter."', 'becuase = "It turns bitter."'),
        ["tea/rules.toml", "rule T-1", "'because' is missing"],
    ),
    "a key too many in a rule": (
        changed("rules.toml", 'because = "It turns bitter."', 'because = "It turns bitter."\ninsted = "Drink water."'),
        ["tea/rules.toml", "rule T-1", "unknown key 'insted'", "did you mean 'instead'?"],
    ),
    "a rule without examples": (
        changed("rules.toml", 'fires = ["Can I put milk into green tea?"]\n', ""),
        ["tea/rules.toml", "rule T-1", "'fires' is missing"],
    ),
    "a string for a list": (
        changed("rules.toml", 'fires = ["Can I put milk into green tea?"]', 'fires = "Can I put milk into green tea?"'),
        ["tea/rules.toml", "rule T-1", "'fires' should be a list"],
    ),
    "a list of numbers for one of strings": (
        changed("rules.toml", 'fires = ["Can I put milk into green tea?"]', "fires = [1]"),
        ["tea/rules.toml", "rule T-1", "'fires' should be a list of strings", "[1]"],
    ),
    "a string for a table": (
        changed("rules.toml", 'when = { leaf = "green" }\nthen', 'when = "green"\nthen'),
        ["tea/rules.toml", "rule T-1", "'when' should be a table", "'green'"],
    ),
    "no value at all": (
        changed("rules.toml", 'when = { leaf = "green" }\nthen', "when = { leaf = [] }\nthen"),
        ["tea/rules.toml", "rule T-1", "when.leaf", "[]"],
    ),
    "a truth value for a value": (
        changed("rules.toml", 'when = { leaf = "green" }\nthen', "when = { leaf = true }\nthen"),
        ["tea/rules.toml", "rule T-1", "when.leaf", "True"],
    ),
    "a rule without an id": (
        changed("rules.toml", 'id = "T-2"\n', ""),
        ["tea/rules.toml", "rule 2", "'id' is missing"],
    ),
    "a rule as a table": (
        {**FILES, "rules.toml": FILES["rules.toml"].split("[[rule]]")[0] + "[rule]" + RULE},
        ["tea/rules.toml", "'rule' should be a list"],
    ),
    "an unknown table": (
        added("rules.toml", "[[rules]]\n"),
        ["tea/rules.toml", "unknown key 'rules'", "did you mean 'rule'?"],
    ),
    "an unknown table of the vocabulary": (
        added("vocabulary.toml", "[[phrse]]\n"),
        ["tea/vocabulary.toml", "unknown key 'phrse'", "did you mean 'phrase'?"],
    ),
    "an unknown table of the decisions": (
        added("decisions.toml", "[[asume]]\n"),
        ["tea/decisions.toml", "unknown key 'asume'", "did you mean 'assume'?"],
    ),
    "an unknown table of the facts": (
        added("facts.toml", "[[facts]]\n"),
        ["tea/facts.toml", "unknown key 'facts'", "did you mean 'fact'?"],
    ),
    "a resolution of an unknown rule": (
        changed("rules.toml", 'win = ["T-1"]', 'win = ["T-11"]'),
        ["tea/rules.toml", "resolution Z-1", "unknown rule 'T-11'", "did you mean 'T-1'?"],
    ),
    "a resolution of an unknown kind": (
        changed("rules.toml", 'kind = "prefer"', 'kind = "prefers"'),
        ["tea/rules.toml", "resolution Z-1", "kind 'prefers' is unknown", "did you mean 'prefer'?"],
    ),
    "two rules that each win over the other": (
        added(
            "rules.toml", '[[resolution]]\nid = "Z-2"\nkind = "exception"\nwin = ["T-2"]\nover = ["T-1"]\nwhy = "x"\n'
        ),
        ["tea/rules.toml", "in a circle", "T-1 over T-2 over T-1", "take one of them out"],
    ),
    "a rule that wins over itself": (
        changed("rules.toml", 'over = ["T-2"]', 'over = ["T-1"]'),
        ["tea/rules.toml", "in a circle", "T-1 over T-1"],
    ),
    "a circle through a third rule": (
        added(
            "rules.toml",
            "[[rule]]"
            + RULE.replace('"T-1"', '"T-3"')
            + '[[resolution]]\nid = "Z-2"\nkind = "prefer"\nwin = ["T-2"]\nover = ["T-3"]\nwhy = "x"\n'
            + '[[resolution]]\nid = "Z-3"\nkind = "exception"\nwin = ["T-3"]\nover = ["T-1"]\nwhy = "x"\n',
        ),
        ["tea/rules.toml", "in a circle", "T-1 over T-2 over T-3 over T-1"],
    ),
    "a tension of one place": (
        changed("rules.toml", '  { source = "guide#black", quote = "Milk suits black tea." },\n', ""),
        ["tea/rules.toml", "tension K-1", "at least two places"],
    ),
    "a drifted quote of a tension": (
        changed(
            "rules.toml",
            '"guide#black", quote = "Milk suits black tea."',
            '"guide#black", quote = "Milk suits all tea."',
        ),
        ["tea/rules.toml", "tension K-1", "the quote is not in guide#black"],
    ),
    "a dimension of an unknown kind": (
        changed("vocabulary.toml", 'kind = "choice"', 'kind = "choise"'),
        ["tea/vocabulary.toml", "dimension cup", "kind 'choise' is unknown", "did you mean 'choice'?"],
    ),
    "a dimension without values": (
        added("vocabulary.toml", '[dimension.size]\nkind = "fact"\nask = "?"\n'),
        ["tea/vocabulary.toml", "dimension size", "has no values", "add at least one"],
    ),
    "a dimension without a question": (
        changed("vocabulary.toml", 'ask = "Which cup?"\n', ""),
        ["tea/vocabulary.toml", "dimension cup", "'ask' is missing"],
    ),
    "a dimension that is no table": (
        {**FILES, "vocabulary.toml": "dimension.leaf = 3\n"},
        ["tea/vocabulary.toml", "dimension leaf", "[dimension.leaf]"],
    ),
    "a value that is no table": (
        changed("vocabulary.toml", "[dimension.heat.values.hot]\n", "[dimension.heat.values]\nhot = 3\n"),
        ["tea/vocabulary.toml", "dimension heat", "'hot' should be a table"],
    ),
    "an unknown key of a value": (
        changed("vocabulary.toml", 'words = ["mug"]', 'wrods = ["mug"]'),
        ["tea/vocabulary.toml", "dimension cup", "value mug", "unknown key 'wrods'", "did you mean 'words'?"],
    ),
    "a word for a whole number": (
        changed("vocabulary.toml", 'ask = "Which cup?"', 'ask = "Which cup?"\nchange = "easy"'),
        ["tea/vocabulary.toml", "dimension cup", "'change' should be a whole number", "'easy'"],
    ),
    "a truth value for a whole number": (
        changed("vocabulary.toml", 'ask = "Which cup?"', 'ask = "Which cup?"\nchange = true'),
        ["tea/vocabulary.toml", "dimension cup", "'change' should be a whole number", "True"],
    ),
    "a word for a truth value": (
        changed("vocabulary.toml", 'ask = "Which cup?"', 'ask = "Which cup?"\nnests = "yes"'),
        ["tea/vocabulary.toml", "dimension cup", "'nests' should be true or false", "'yes'"],
    ),
    "a dimension that reads an unknown one": (
        changed("vocabulary.toml", 'ask = "Which cup?"', 'ask = "Which cup?"\nfrom = "leav"'),
        ["tea/vocabulary.toml", "dimension cup", "from = 'leav' is unknown", "did you mean 'leaf'?"],
    ),
    "a phrase of an unknown dimension": (
        changed("vocabulary.toml", 'facts = { leaf = "green" }', 'facts = { laef = "green" }'),
        ["tea/vocabulary.toml", "phrase 1", "unknown dimension 'laef'", "did you mean 'leaf'?"],
    ),
    "a phrase that denies an unknown value": (
        changed("vocabulary.toml", 'facts = { leaf = "green" }', 'facts = { leaf = "!gren" }'),
        ["tea/vocabulary.toml", "phrase 1", "unknown value 'gren' of leaf", "did you mean 'green'?"],
    ),
    "a silence whose quote drifted": (
        changed(
            "vocabulary.toml",
            'quote = "Green tea is brewed at 80 degrees."',
            'quote = "Green tea is brewed at 90 degrees."',
        ),
        ["tea/vocabulary.toml", "silence prices", "the quote is not in guide#green"],
    ),
    "a decision of an unknown kind": (
        changed("decisions.toml", 'kind = "capability"', 'kind = "capable"'),
        ["tea/decisions.toml", "decision milk", "kind 'capable' is unknown", "did you mean 'capability'?"],
    ),
    "a decision on an unknown outcome": (
        changed("decisions.toml", 'outcome = "heat"', 'outcome = "heet"'),
        ["tea/decisions.toml", "decision water", "outcome 'heet' is unknown", "did you mean 'heat'?"],
    ),
    "a decision that asks for an unknown dimension": (
        changed("decisions.toml", 'asks = "leaf"', 'asks = "leave"'),
        ["tea/decisions.toml", "decision milk", "asks 'leave' is unknown", "did you mean 'leaf'?"],
    ),
    "a decision read by an unknown dimension": (
        changed("decisions.toml", '"@leaf=green"', '"@laef=green"'),
        ["tea/decisions.toml", "decision milk", "unknown dimension 'laef'", "did you mean 'leaf'?"],
    ),
    "a decision read by an unknown value": (
        changed("decisions.toml", '"@leaf=green"', '"@leaf=grene"'),
        ["tea/decisions.toml", "decision milk", "unknown value 'grene' of leaf", "did you mean 'green'?"],
    ),
    "a flat list of patterns": (
        changed("decisions.toml", 'read = [["water"]]', 'read = ["water"]'),
        ["tea/decisions.toml", "decision water", "'read' should be a list of lists of strings", "['water']"],
    ),
    "a recommendation by an unknown decision": (
        changed("decisions.toml", 'asks = "leaf"', 'asks = "leaf"\nrecommend = "watter"'),
        ["tea/decisions.toml", "decision milk", "watter", "did you mean 'water'?"],
    ),
    "a premise that nothing decides": (
        changed("decisions.toml", 'asks = "leaf"', 'asks = "leaf"\npremise = "watter"'),
        ["tea/decisions.toml", "decision milk", "watter", "did you mean 'water'?"],
    ),
    "an assumption in an unknown decision": (
        changed("decisions.toml", 'decision = "milk"', 'decision = "milc"'),
        ["tea/decisions.toml", "assume 1", "decision 'milc' is unknown", "did you mean 'milk'?"],
    ),
    "an assumption of two values": (
        changed("decisions.toml", 'set = { cup = "mug" }', 'set = { cup = ["mug", "glass"] }'),
        ["tea/decisions.toml", "assume 1", "set.cup should be one value", "['mug', 'glass']"],
    ),
    "an implication to an unknown value": (
        changed("decisions.toml", 'then = { cup = "glass" }', 'then = { cup = "glas" }'),
        ["tea/decisions.toml", "implies 1", "unknown value 'glas' of cup", "did you mean 'glass'?"],
    ),
    "an axiom of an unknown dimension": (
        changed("decisions.toml", 'never = { leaf = "black", cup', 'never = { leef = "black", cup'),
        ["tea/decisions.toml", "axiom X-1", "unknown dimension 'leef'", "did you mean 'leaf'?"],
    ),
    "a fact about an unknown value": (
        changed("facts.toml", 'about = { leaf = "green" }', 'about = { leaf = "grean" }'),
        ["tea/facts.toml", "fact F-1", "unknown value 'grean' of leaf", "did you mean 'green'?"],
    ),
    "a fact whose quote drifted": (
        changed("facts.toml", "80 degrees.", "90 degrees."),
        ["tea/facts.toml", "fact F-1", "the quote is not in guide#green", "'Green tea is brewed at 90 degrees.'"],
    ),
    "a fact whose quote spans two paragraphs": (
        {
            **changed("facts.toml", "Green tea is brewed at 80 degrees.", "Milk suits black tea.\\n\\nSo does sugar."),
            "facts.toml": FILES["facts.toml"]
            .replace("guide#green", "guide#black")
            .replace("Green tea is brewed at 80 degrees.", "Milk suits black tea.\\n\\nSo does sugar."),
            "docs/guide.md": FILES["docs/guide.md"] + "\nSo does sugar.\n",
        },
        ["tea/facts.toml", "fact F-1", "Milk suits black tea."],
    ),
    "a read pattern without words": (
        changed("decisions.toml", 'read = [["water"]]', 'read = [[""]]'),
        ["tea/decisions.toml", "decision water"],
    ),
    "a word without letters": (
        changed("vocabulary.toml", 'words = ["mug"]', 'words = ["mug", "–"]'),
        ["tea/vocabulary.toml", "dimension cup", "value mug", "–"],
    ),
    "a gap without a word before it": (
        changed("vocabulary.toml", 'words = ["mug"]', 'words = ["… mug"]'),
        ["tea/vocabulary.toml", "dimension cup", "value mug", "… mug"],
    ),
}


@pytest.mark.parametrize(("files", "parts"), BAD.values(), ids=BAD)
def test_a_bad_pack_is_refused_with_place_and_remedy(tmp_path: Path, files: dict[str, str], parts: list[str]) -> None:
    message = complaint(tmp_path, files)
    assert [p for p in parts if p not in message] == [], message
    assert "\n" not in message


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path, name: str) -> None:
    root = write(tmp_path, FILES)
    text = FILES[name].encode()
    (root / name).write_bytes(text + b"# caf\xe9\n")
    with pytest.raises(PackError) as raised:
        load(root)
    assert (
        str(raised.value)
        == f"{Path(root / name).parent.name}/{Path(name).name}: byte {len(text) + 5} is not UTF-8; save the file as UTF-8"
    )


def test_no_such_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError) as raised:
        load(tmp_path / "nowhere")
    assert str(raised.value) == f"{tmp_path / 'nowhere'}: no such folder; a pack is a folder with a pack.toml"


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(PackError, match="no such folder"):
        load(tmp_path / "file")


def test_a_link_that_leads_out_of_the_pack_is_refused(tmp_path: Path) -> None:
    root = write(tmp_path, FILES)
    outside = tmp_path / "outside.md"
    (root / "docs" / "guide.md").rename(outside)
    (root / "docs" / "guide.md").symlink_to(outside)
    with pytest.raises(PackError, match="lies outside the pack; move it inside"):
        load(root)


def test_a_link_out_of_the_pack_is_refused_when_documents_are_not_listed(tmp_path: Path) -> None:
    root = write(tmp_path, {"pack.toml": 'name = "tea"\ntitle = "Tea"\nedition = "1"\n', "docs/a.md": "# A\n\ntext\n"})
    outside = tmp_path / "outside.md"
    outside.write_text("# Secret\n", encoding="utf-8")
    (root / "docs" / "b.md").symlink_to(outside)
    with pytest.raises(PackError, match="lies outside the pack; move it inside"):
        load(root)


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    root = write(tmp_path, FILES)
    with (root / "docs" / "guide.md").open("ab") as file:
        file.truncate(20 * 2**20 + 1)
    with pytest.raises(PackError) as raised:
        load(root)
    assert str(raised.value) == "docs/guide.md: larger than 20 MiB; split it"


def test_a_disclosed_disagreement_may_run_both_ways(tmp_path: Path) -> None:
    files = added(
        "rules.toml", '[[resolution]]\nid = "Z-2"\nkind = "disclose"\nwin = ["T-2"]\nover = ["T-1"]\nwhy = "x"\n'
    )
    assert [z.id for z in load(write(tmp_path, files)).resolutions] == ["Z-1", "Z-2"]
