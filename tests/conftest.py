"""What several rooms' tests share: the pack under test, one home for indexes, and hypothesis's settings."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from bikes import FILES
from hypothesis import HealthCheck, settings

from assistant.checker import Checker
from assistant.engine import Assistant, shipped
from assistant.pack import Pack, load
from assistant.retrieve import Retriever

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from served import Served

    from assistant.channels.generations import Generations

PACKS = Path(__file__).parent / "packs"
CHROMIUM = Path("/usr/bin/chromium")
QUIET = [  # a browser that asks nobody for anything of its own
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

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


@pytest.fixture(scope="session")
def generations(home: Path) -> Generations:
    """The shipped pack, opened once for every server of the session."""
    from assistant.channels.generations import Generations

    made = Generations(None, home)
    made.open()
    return made


@pytest.fixture(scope="session")
def house(generations: Generations, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A house for this machine only: nobody needs a key."""
    from served import served, sqlite

    from assistant.channels.settings import Settings

    with served(generations, Settings(state=sqlite(tmp_path_factory.mktemp("house")))) as one:
        yield one


@pytest.fixture(scope="session")
def guarded(generations: Generations, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A house that others can reach under a name: everybody needs a key."""
    from served import served, sqlite

    from assistant.channels.settings import Settings

    settings = Settings(
        state=sqlite(tmp_path_factory.mktemp("guarded")), hosts=("help.example",), patience=1.5, rate=1000
    )
    with served(generations, settings) as one:
        yield one


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium; a module's and not the session's, since Playwright holds the thread's event loop while it is open."""
    api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed; apt-get install chromium")
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of our own on a socket in a temporary folder; skipped where Debian's is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found:
        pytest.skip("no PostgreSQL; apt-get install postgresql")
    folder = tmp_path_factory.mktemp("pg")
    data = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # its socket's path must be short
    as_user = []
    if os.getuid() == 0:  # it refuses to run as root
        shutil.chown(data, "postgres")
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    subprocess.run(
        [*as_user, found[-1] / "initdb", "-D", data / "d", "-U", "us", "-A", "trust"], check=True, capture_output=True
    )
    listen = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={data}", "-c", "max_connections=60"]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            [*as_user, found[-1] / "postgres", "-D", data / "d", *listen], stdout=log, stderr=log
        ) as server,
    ):
        url = f"postgresql+psycopg://us@/postgres?host={data}"
        import psycopg

        for _ in range(200):
            try:
                psycopg.connect(f"host={data} user=us dbname=postgres").close()
                break
            except psycopg.OperationalError:
                time.sleep(0.05)
        yield url
        server.send_signal(signal.SIGINT)  # at once; SIGTERM waits for every client to leave
    shutil.rmtree(data, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def state_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty state, of each sort."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state.db'}"
    import psycopg

    url: str = request.getfixturevalue("postgres")
    name = f"t{uuid4().hex[:12]}"
    host = url.partition("host=")[2]
    with psycopg.connect(f"host={host} user=us dbname=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return url.replace("/postgres?", f"/{name}?")
