"""Fresh processes: how long `import assistant`, `assistant check` and `assistant ask` take, and what they load."""

from __future__ import annotations

import argparse
import json
import sys
from statistics import median

from measure import fresh, table

FACTS = ["check", "os=linux", "tool=mars"]
VERDICT = ["ask", "Can MARS back up on-premises Linux?"]
SEARCH = ["ask", "How long are backups kept?"]
LOADED = """
import json, sys
sys.argv = ["assistant", *json.loads(sys.argv[1])]
import contextlib, io
import assistant
with contextlib.redirect_stdout(io.StringIO()):
    if sys.argv[1:]:
        from assistant.cli import main
        main()
own = {m.partition(".")[0] for m in sys.modules}
print(json.dumps(sorted(m for m in own if m not in sys.stdlib_module_names and m != "assistant" and not m.startswith("_"))))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    cases = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "import assistant": [sys.executable, "-c", "import assistant"],
        **{
            f"assistant {verb[0]} {verb[1]!r}": [sys.executable, "-m", "assistant.cli", *verb]
            for verb in (FACTS, VERDICT, SEARCH)
        },
    }
    verbs: dict[str, list[str]] = dict(zip(list(cases)[1:], ([], FACTS, VERDICT, SEARCH), strict=True))
    walls: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds + 1):
        for name, command in cases.items():
            wall, _ = fresh(command)
            if number:  # the first round warms the disk's cache
                walls[name].append(wall * 1000)
    rows = []
    for name, found in walls.items():
        loaded = json.loads(fresh([sys.executable, "-c", LOADED, json.dumps(verbs[name])])[1]) if name in verbs else []
        shown = ", ".join(
            m
            for m in loaded
            if m in {"chromadb", "onnxruntime", "tantivy", "tokenizers", "numpy", "markdown_it", "rapidfuzz"}
        )
        rows.append((name, median(found), min(found), len(loaded), shown or "–", "yes" if "torch" in loaded else "no"))
    table(("fresh process", "median ms", "least ms", "third parties", "of them", "torch"), rows)


if __name__ == "__main__":
    main()
