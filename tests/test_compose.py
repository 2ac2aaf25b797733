"""The compose file's commands, run without containers: two processes, PostgreSQL, and the balancer where nginx is at hand."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
import yaml
from test_processes import free_port

ROOT = Path(__file__).resolve().parents[1]
FILE = yaml.safe_load((ROOT / "docs" / "compose.yaml").read_text(encoding="utf-8"))
SERVICES = FILE["services"]
NGINX = os.environ.get("NGINX") or shutil.which("nginx")


@contextmanager
def running(command: list[str], url: str, log: Path, **variables: str) -> Iterator[None]:
    """A process until the block ends, once its address answers."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", **variables}
    with log.open("a") as out, subprocess.Popen(command, stdout=out, stderr=out, env=environment) as process:
        try:
            for _ in range(600):
                assert process.poll() is None, log.read_text()
                try:
                    if httpx.get(url).status_code == 200:
                        break
                except httpx.TransportError:
                    pass
                time.sleep(0.1)
            yield
        finally:
            process.terminate()
            process.wait(20)


def test_both_processes_are_the_same_and_find_the_state() -> None:
    assert SERVICES["one"] == SERVICES["two"]
    user = SERVICES["state"]["environment"]
    said = f"{user['POSTGRES_USER']}:{user['POSTGRES_PASSWORD']}@state/{user['POSTGRES_DB']}"
    assert SERVICES["one"]["environment"]["ASSISTANT_STATE"] == f"postgresql+psycopg://{said}"


@pytest.mark.slow
@pytest.mark.parametrize("state_url", ["postgresql"], indirect=True)
def test_its_commands_serve_one_conversation_behind_one_address(state_url: str, home: Path, tmp_path: Path) -> None:
    ports = {"one": free_port(), "two": free_port(), "balancer": free_port()}
    base = f"http://127.0.0.1:{ports['balancer']}"
    log = tmp_path / "log"
    own = tmp_path / "home"
    own.mkdir()
    for name in ("generations", "models"):
        (own / name).symlink_to(home / name)
    cli = [sys.executable, "-m", "assistant.cli"]
    variables = {"ASSISTANT_HOME": str(own), "ASSISTANT_STATE": state_url}
    with ExitStack() as stack:
        for name in ("one", "two"):
            command = [base if word == "http://127.0.0.1:7860" else word for word in SERVICES[name]["command"][1:]]
            url = f"http://127.0.0.1:{ports[name]}/readyz"
            stack.enter_context(running([*cli, *command, "--port", str(ports[name])], url, log, **variables))
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
        added = subprocess.run(
            [*cli, "keys", "add", "bot"], capture_output=True, text=True, check=True, env=environment
        )
        headers = {"authorization": f"Bearer {added.stdout.strip()}"}
        doors = [f"http://127.0.0.1:{ports[name]}" for name in ("one", "two")]
        if NGINX:
            text = (
                FILE["configs"]["balancer"]["content"]
                .replace("$$", "$")
                .replace("listen 80", f"listen {ports['balancer']}")
            )
            for name in ("one", "two"):
                text = text.replace(f"{name}:7860", f"127.0.0.1:{ports[name]}")
            (tmp_path / "logs").mkdir()
            whole = f"daemon off; pid {tmp_path}/pid; error_log {log}; events {{}} http {{ access_log off; {text} }}"
            places = "".join(
                f" {kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
            )
            (tmp_path / "nginx.conf").write_text(
                whole.replace("access_log off;", f"access_log off;{places}"), encoding="utf-8"
            )
            command = [NGINX, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
            stack.enter_context(running(command, f"{base}/readyz", log))
            doors.append(base)
        asked = ["Can MARS back up our on-prem Ubuntu VM?", "And if it runs Windows?", "And a physical one?"]
        bodies = [{"question": q, "conversation": "c", "stream": True} for q in asked]
        told = [
            httpx.post(f"{doors[n % len(doors)]}/v1/ask", json=body, headers=headers, timeout=30)
            for n, body in enumerate(bodies)
        ]
        assert [(r.status_code, r.text.count("event: answer.completed")) for r in told] == [(200, 1)] * 3
        assert f'"url": "{base}/sources/' in told[0].text
        assert '"os": ["windows"]' in told[2].text
        assert [httpx.post(f"{d}/v1/ask", json=bodies[0]).status_code for d in doors] == [401] * len(doors)
        assert [httpx.get(f"{d}/chat/").status_code for d in doors] == [200] * len(doors)
