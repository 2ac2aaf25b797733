"""The house stands as it is drawn: who may know whom, who may bring a guest, and how big a room may grow.

``house.md`` of the design names the floors; `FLOORS` is that table. A new room is added here when it is built.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.pack import Pack

ROOT = Path(__file__).resolve().parent.parent
HOUSE = ROOT / "assistant"
FILES = {p.relative_to(HOUSE).with_suffix("").as_posix().replace("/", "."): p for p in sorted(HOUSE.rglob("*.py"))}
FLOORS = {
    **dict.fromkeys(("errors", "types", "lexicon"), 0),
    **dict.fromkeys(("markdown", "rules", "records", "confidence"), 1),
    **dict.fromkeys(("pack", "sentences"), 2),
    **dict.fromkeys(("vocabulary", "checker", "embed"), 3),
    # any text on its way to the checker: stems, clauses, what facts and rules say of a clause
    "stems": 3.1,
    "turning": 3.15,
    "clauses": 3.2,
    "attributes": 3.3,
    "naming": 3.3,
    "rulings": 3.5,
    "measures": 3.6,
    "leaning": 3.6,
    "tensions": 3.6,
    # between the words and those who decide on them: English, then machines and turns, then whole readings
    "denial": 1,
    **dict.fromkeys(("grammar", "lettered"), 3.2),
    **dict.fromkeys(("labels", "items", "negation", "mentions", "several"), 3.3),
    **dict.fromkeys(("machines", "doubts", "conversation", "statements", "deciding"), 3.4),
    "reading": 3.6,
    "disputes": 3.9,
    **dict.fromkeys(("proof", "compose", "matrix", "drill"), 4),
    **dict.fromkeys(("correction", "cited"), 4.1),
    "verify": 4.2,
    # above proof, which runs before every build
    "index": 4.5,
    **dict.fromkeys(("retrieve", "draft", "doors", "catalogue"), 5),
    "second": 5.2,
    "choices": 5.4,
    **dict.fromkeys(("bounds", "plans", "refusals", "second_look"), 5.45),
    "corridor": 5.5,
    "engine": 6,
    # what the doors share stands below the doors
    "channels.markup": 6.4,
    # the chat page: turns, their evidence, the other views, what a query does
    "channels.transcript": 6.6,
    "channels.evidence": 6.65,
    **dict.fromkeys(("channels.explore", "channels.documents", "channels.practise", "channels.checking"), 6.7),
    "channels.screen": 6.8,
    **dict.fromkeys(
        (
            "channels.render",
            "channels.settings",
            "channels.problem",
            "channels.sse",
            "channels.metrics",
            "channels.traced",
        ),
        6.5,
    ),
    **dict.fromkeys(("channels.state", "channels.generations", "channels.protocol"), 6.6),
    **dict.fromkeys(("channels.auth", "channels.service", "channels.schema"), 6.7),
    **dict.fromkeys(("channels.inbox", "channels.limits"), 6.65),
    "channels.chat": 6.6,
    "channels.desk": 6.8,
    "channels.guard": 6.8,
    "channels.request": 6.9,
    "channels": 7,
    # evaluation has floors of its own: forms, then cases, answers, runs, figures, and what is shown of them
    **dict.fromkeys(("evals", "evals.yamlfile", "evals.form", "evals.anchor", "evals.stats", "evals.ranking"), 7),
    **dict.fromkeys(("evals.grid", "evals.near"), 7.1),
    "evals.suite": 7.2,
    "evals.reply": 7.3,
    **dict.fromkeys(("evals.targets", "evals.straw", "evals.scorers", "evals.imports"), 7.4),
    "evals.workers": 7.5,
    "evals.runner": 7.55,
    "evals.figures": 7.6,
    **dict.fromkeys(("evals.baseline", "evals.detail", "evals.feedback", "evals.scaffold"), 7.65),
    **dict.fromkeys(("evals.gate", "evals.plots"), 7.7),
    **dict.fromkeys(("evals.report", "evals.export"), 7.8),
    "evals.page": 7.85,
    **dict.fromkeys(("evals.cli", "evals.pytest_plugin"), 7.9),
    "channels.openai": 7.1,
    **dict.fromkeys(("channels.slack", "channels.teams", "channels.matrix", "channels.webhook"), 7.1),
    # opens those chats that are configured
    "channels.team": 7.2,
    # all doors in one process
    "channels.serve": 7.5,
    "operate": 7.8,
    "cli": 8,
}
DOORS = {"doors", "draft", "second", "channels.langchain"}
"""Where LangChain may come in; other rooms may name its types for the type checker, never load it."""
HEAVY = {
    "chromadb",
    "torch",
    "sentence_transformers",
    "gradio",
    "onnxruntime",
    "langchain",
    "langchain_core",
    "tantivy",
    "numpy",
    "onnx",
    "tokenizers",
    "fastapi",
    "starlette",
    "uvicorn",
    "sqlalchemy",
    "alembic",
    "prometheus_client",
    "mcp",
    "pydantic",
    "slack_bolt",
    "slack_sdk",
    "microsoft_teams",
    "nio",
}
STEPS = {f"channels.migrations.versions.{step}" for step in ("first", "second")}
OWN_GUEST = {
    "channels.gradio": {"gradio"},
    "channels.slack": {"slack_bolt", "slack_sdk", "starlette"},
    "channels.teams": {"microsoft_teams", "starlette"},
    "channels.matrix": {"nio"},
    "channels.webhook": {"starlette"},
    "channels.langchain": {"langchain", "langchain_core"},
    "draft": {"langchain", "langchain_core"},
    "doors": {"langchain_core", "pydantic"},
    "channels.state": {"sqlalchemy"},
    "channels.metrics": {"prometheus_client"},
    "channels.mcp": {"mcp", "pydantic", "starlette"},
    "channels.protocol": {"uvicorn"},
    "channels.serve": {"fastapi", "starlette", "uvicorn"},
    **{f"channels.{room}": {"starlette"} for room in ("problem", "sse", "guard")},
    **{
        f"channels.{r}": {"fastapi", "starlette", "pydantic"}
        for r in ("http", "openai", "sources", "request", "schema")
    },
    **{f"evals.{room}": {"pydantic"} for room in ("form", "gate", "reply", "suite")},
    "channels.migrations.env": {"alembic"},
    **{step: {"alembic", "sqlalchemy"} for step in STEPS},
}
"""A door is imported by those who open it only, so its own framework may stand at its top."""


def tree(room: str) -> ast.Module:
    return ast.parse(FILES[room].read_text(encoding="utf-8"), filename=str(FILES[room]))


def floor(room: str) -> float:
    """The floor of a room; rooms in a package stand where the package does. KeyError for a room that nobody drew."""
    return FLOORS[room] if room in FLOORS else FLOORS[room.partition(".")[0]]


def imports(node: ast.AST) -> list[tuple[str, int]]:
    """Full names of the modules imported anywhere below a node, with the line."""
    found = []
    for one in ast.walk(node):
        if isinstance(one, ast.Import):
            found += [(alias.name, one.lineno) for alias in one.names]
        elif isinstance(one, ast.ImportFrom):
            assert one.level == 0, "relative imports hide the floor"
            found.append((one.module or "", one.lineno))
            found += [(f"{one.module}.{alias.name}", one.lineno) for alias in one.names]
    return found


def at_run_time(node: ast.AST) -> ast.AST:
    """The same tree without what only the type checker sees."""

    class Bare(ast.NodeTransformer):
        def visit_If(self, one: ast.If) -> ast.AST:
            checking = isinstance(one.test, ast.Name) and one.test.id == "TYPE_CHECKING"
            return ast.Pass() if checking else self.generic_visit(one)

    return Bare().visit(node)  # type: ignore[no-any-return]  # typeshed leaves it open


def ours(room: str) -> list[tuple[str, int]]:
    """Rooms of the house that a room imports, at its top or later."""
    names = [(n.removeprefix("assistant."), line) for n, line in imports(tree(room)) if n.startswith("assistant.")]
    return [(n, line) for n, line in names if n in FILES or n in FLOORS]


def top(room: str) -> list[str]:
    """Third parties, by first name, that are loaded as soon as a room is imported."""
    found: list[str] = []
    pending: list[ast.stmt] = list(tree(room).body)
    while pending:
        one = pending.pop()
        if isinstance(one, ast.Import | ast.ImportFrom):
            found += [name.partition(".")[0] for name, _ in imports(one)]
        elif isinstance(one, ast.If) and not (isinstance(one.test, ast.Name) and one.test.id == "TYPE_CHECKING"):
            pending += [*one.body, *one.orelse]
        elif isinstance(one, ast.Try):
            pending += [*one.body, *one.orelse, *one.finalbody, *(s for h in one.handlers for s in h.body)]
        elif isinstance(one, ast.With | ast.ClassDef):
            pending += one.body
    return found


ROOMS = [r for r in FILES if not r.endswith("__init__")]


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_a_floor(room: str) -> None:
    assert room in FLOORS or room.partition(".")[0] in FLOORS, f"{room}: draw it in house.md and in FLOORS"


@pytest.mark.parametrize("room", ROOMS)
def test_imports_point_to_a_lower_floor(room: str) -> None:
    assert [f"line {line}: {other}" for other, line in ours(room) if floor(other) >= floor(room)] == []


def test_the_floors_are_looked_at() -> None:
    assert {name for name, _ in ours("pack")} == {"confidence", "errors", "markdown", "records", "rules", "types"}
    assert [name for name, _ in ours("cli")] != []


@pytest.mark.parametrize("room", FILES)
def test_langchain_comes_in_by_its_doors_only(room: str) -> None:
    found = [name for name, _ in imports(at_run_time(tree(room))) if name.startswith(("langchain", "langgraph"))]
    assert room in DOORS or found == []


@pytest.mark.parametrize("room", FILES)
def test_heavy_guests_wait_for_the_function_that_needs_them(room: str) -> None:
    assert sorted(set(top(room)) & HEAVY - OWN_GUEST.get(room, set())) == []


@pytest.mark.parametrize(
    ("guest", "rooms"),
    [
        ("chromadb", {"index"}),
        ("tantivy", {"index"}),
        ("torch", {"embed"}),
        ("sentence_transformers", {"embed"}),
        ("onnxruntime", {"embed"}),
        ("tokenizers", {"embed"}),
        ("gradio", {"channels.gradio"}),
        ("markdown_it", {"markdown"}),
        ("rapidfuzz", {"vocabulary"}),
        ("yaml", {"evals.yamlfile", "evals.feedback"}),
        (
            "pydantic",
            {
                "doors",
                *(f"channels.{room}" for room in ("http", "mcp", "openai")),
                *(f"evals.{room}" for room in ("form", "gate", "reply", "suite")),
            },
        ),
        ("sqlalchemy", {"channels.state", *STEPS}),
        ("alembic", {"channels.state", "channels.migrations.env", *STEPS}),
        ("opentelemetry", {"channels.traced"}),
        ("prometheus_client", {"channels.metrics"}),
        ("mcp", {"channels.mcp"}),
        ("slack_bolt", {"channels.slack"}),
        ("slack_sdk", {"channels.slack"}),
        ("microsoft_teams", {"channels.teams"}),
        ("nio", {"channels.matrix"}),
        ("uvicorn", {"channels.serve", "channels.protocol"}),
    ],
)
def test_a_third_party_enters_by_one_room(guest: str, rooms: set[str]) -> None:
    assert {room for room in FILES if any(n.partition(".")[0] == guest for n, _ in imports(tree(room)))} <= rooms


# ---- how a room looks


def public(
    node: ast.Module | ast.ClassDef, prefix: str = ""
) -> list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]]:
    """Public functions, classes and methods, by dotted name."""
    found: list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]] = []
    for one in node.body:
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not one.name.startswith("_"):
            found.append((prefix + one.name, one))
            if isinstance(one, ast.ClassDef):
                found += public(one, f"{prefix}{one.name}.")
    return found


@pytest.mark.parametrize("room", FILES)
def test_every_public_name_is_explained(room: str) -> None:
    assert ast.get_docstring(tree(room)), f"{room}: say in the first line what the room does"
    assert [name for name, node in public(tree(room)) if not ast.get_docstring(node)] == []


@pytest.mark.parametrize("room", FILES)
def test_no_room_is_too_big(room: str) -> None:
    assert len(FILES[room].read_text(encoding="utf-8").splitlines()) <= 600


def test_no_room_is_a_drawer_for_everything() -> None:
    assert [
        room
        for room in FILES
        if {"utils", "util", "helpers", "helper", "manager", "common", "misc"} & set(room.replace("_", ".").split("."))
    ] == []


@pytest.mark.parametrize(
    "room", [r for r in ROOMS if not r.startswith(("cli", "operate", "channels", "index", "evals"))]
)
def test_no_room_prints(room: str) -> None:
    assert [
        n.lineno
        for n in ast.walk(tree(room))
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "print"
    ] == []


CORE = [
    "stems",
    "sentences",
    "turning",
    "clauses",
    "attributes",
    "naming",
    "rulings",
    "measures",
    "leaning",
    "tensions",
    "correction",
    "cited",
    "verify",
    "draft",
    "second",
    "checker",
    "vocabulary",
    "denial",
    "grammar",
    "lettered",
    "machines",
    "deciding",
    "doubts",
    "conversation",
    "reading",
    "statements",
    "proof",
    "compose",
    "matrix",
    "drill",
    "retrieve",
    "labels",
    "items",
    "choices",
    "bounds",
    "plans",
    "refusals",
    "second_look",
    "mentions",
    "several",
    "corridor",
    "engine",
    "channels.evidence",
    "channels.explore",
    "channels.documents",
    "channels.practise",
    "channels.screen",
]


@pytest.mark.parametrize("room", [r for r in CORE if r in FILES])
def test_no_room_knows_a_word_of_the_subject(azure: Pack, room: str) -> None:
    """Dimensions and decisions live in the pack: a string that names one would be silent with another subject."""
    names = {n for n in (*azure.dimensions, *azure.decisions) if "_" in n} | {"tool", "location", "os", "encryption"}
    texts = {id(n.value) for n in ast.walk(tree(room)) if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)}
    found = [
        (n.lineno, n.value)
        for n in ast.walk(tree(room))
        if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in texts
    ]
    assert [(line, value) for line, value in found if value in names] == []


# ---- what an import costs


def fresh(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONWARNINGS": ""},
    )
    return done.stdout


def test_importing_the_package_loads_no_third_party() -> None:
    code = "import sys; before = set(sys.modules); import assistant; print(*sorted({m.partition('.')[0] for m in set(sys.modules) - before}))"
    assert set(fresh(code).split()) - set(sys.stdlib_module_names) == {"assistant"}


def test_importing_the_package_takes_less_than_100_ms() -> None:
    code = "import time; start = time.perf_counter(); import assistant; print(time.perf_counter() - start)"
    assert min(float(fresh(code)) for _ in range(5)) < 0.1


@pytest.mark.parametrize("name", ["errors", "types", "rules", "pack", "checker", "compose"])
def test_the_rule_side_needs_the_standard_library_only(name: str) -> None:
    code = f"import sys; before = set(sys.modules); import assistant.{name}; print(*sorted({{m.partition('.')[0] for m in set(sys.modules) - before}}))"
    assert set(fresh(code).split()) - set(sys.stdlib_module_names) == {"assistant"}


def test_a_verdict_waits_for_no_framework() -> None:
    code = (
        "import sys; from assistant.cli import main; code = main(['check', 'os=linux', 'tool=dpm']);"
        "print(code, *sorted({m.partition('.')[0] for m in sys.modules}))"
    )
    loaded = fresh(code).splitlines()[-1].split()
    assert loaded[0] in {"0", "1", "3"}
    assert (
        set(loaded)
        & {
            "chromadb",
            "onnxruntime",
            "torch",
            "langchain",
            "langchain_core",
            "gradio",
            "sentence_transformers",
            "tantivy",
            "numpy",
        }
        == set()
    )


def test_every_public_name_is_there() -> None:
    import assistant

    assert [n for n in assistant.__all__ if getattr(assistant, n).__name__ != n] == []
    assert sorted(assistant.__all__) == list(assistant.__all__)


def test_an_unknown_public_name_is_an_attribute_error() -> None:
    import assistant

    with pytest.raises(AttributeError, match="no attribute 'Asistant'"):
        assistant.Asistant  # noqa: B018
