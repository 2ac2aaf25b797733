"""Generated documents are fresh, and the README's examples are true."""

import re
import shlex
from pathlib import Path

import pytest

from assistant.catalogue import catalogue
from assistant.cli import main
from assistant.engine import shipped
from assistant.pack import load

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```console\n\$ (assistant .+)\n((?:.*\n)*?)```", README)


def test_the_catalogue_of_rules_is_fresh() -> None:
    folder = shipped()
    assert (folder / "RULES.md").read_text(encoding="utf-8") == catalogue(load(folder)), "run `make rules`"


def test_the_readme_has_examples() -> None:
    assert len(EXAMPLES) >= 2


@pytest.mark.parametrize(("command", "output"), EXAMPLES, ids=[c for c, _ in EXAMPLES])
def test_the_readme_shows_real_output(
    command: str, output: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--home", str(home), *shlex.split(command)[1:]])
    assert capsys.readouterr().out.strip() == output.strip()
