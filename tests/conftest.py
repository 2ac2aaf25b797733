"""What several rooms' tests share: the pack under test, one home for indexes, and hypothesis's settings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from bikes import FILES
from hypothesis import HealthCheck, settings

from assistant.checker import Checker
from assistant.engine import Assistant, shipped
from assistant.pack import Pack, load
from assistant.retrieve import Retriever

PACKS = Path(__file__).parent / "packs"

# The same examples in every run: a suite that fails now and then is not a proof. HYPOTHESIS_PROFILE=search looks for new ones.
settings.register_profile(
    "same", max_examples=300, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", max_examples=5000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


@pytest.fixture(scope="session")
def home() -> Path:
    """One folder of indexes for the whole session: $ASSISTANT_HOME, else the user's own."""
    return Path(os.environ.get("ASSISTANT_HOME") or Path.home() / ".cache" / "assistant")


@pytest.fixture(scope="session")
def azure() -> Pack:
    """The pack that ships."""
    return load(shipped())


@pytest.fixture(scope="session")
def checker(azure: Pack) -> Checker:
    """Decides by the shipped pack."""
    return Checker(azure)


@pytest.fixture(scope="session")
def helper(home: Path) -> Assistant:
    """The shipped assistant; its index is opened, or built, by the first test that needs it."""
    return Assistant.load(home=home)


@pytest.fixture(scope="session")
def bikes(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """The pack of four lines."""
    folder: Path = tmp_path_factory.mktemp("bikes")
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return load(folder)


@pytest.fixture(scope="session")
def bicycles() -> Assistant:
    """An assistant on another subject, that searches words only."""
    return Assistant(load(PACKS / "bicycles"), lambda: Retriever(load(PACKS / "bicycles"), None))
