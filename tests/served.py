"""The whole house on loopback, on a real server in a thread: what the doors' tests and real clients call."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

os.environ.update(GRADIO_ANALYTICS_ENABLED="False", HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")

from assistant.channels.generations import Generations
from assistant.channels.serve import application, listening, server
from assistant.channels.settings import Settings
from assistant.channels.state import State

REFUSED = "Can MARS back up our on-prem Ubuntu VM?"
DEPENDS = "Can I use Replace existing for my VM?"


@dataclass(frozen=True)
class Served:
    """A running house."""

    url: str
    state: State
    settings: Settings

    def token(self, *scopes: str, days: float | None = None) -> str:
        return self.state.add_key("test", scopes or ("ask", "feedback"), days)[1]


@contextmanager
def served(
    generations: Generations, settings: Settings, environment: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """Serve on a free port until the block ends; yields when it is ready."""
    with listening(replace(settings, port=0)) as sock:
        settings = replace(settings, port=sock.getsockname()[1])
        one = server(application(generations, settings, environment or {}), settings)
        thread = threading.Thread(target=one.run, kwargs={"sockets": [sock]}, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{settings.port}"
        for _ in range(600):
            if one.started and httpx.get(f"{url}/readyz").status_code == 200:
                break
            time.sleep(0.05)
        try:
            yield Served(url, State(settings.state), settings)
        finally:
            one.should_exit = True
            thread.join(20)
            assert not thread.is_alive()


def sqlite(folder: Path) -> str:
    return f"sqlite:///{folder / 'state.db'}"
