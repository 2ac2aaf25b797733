"""Count how often each situation was answered right, on the `train` questions alone, and write the pack's confidence.toml.

It counts what the assistant does now: run it again after work on the reader, the rules or the search.
"""

import collections
import json

from score import HERE, Case, marks

from assistant import Assistant
from assistant.engine import shipped

_HEAD = """\
# How often answers that came about in the same way were right on evals/questions/train, from which an answer's confidence
# is taken (assistant/confidence.py). Written by `make confidence`, never by hand.
"""


def main() -> None:
    """Ask every question of `train` and write the counts, the most frequent situation first."""
    helper = Assistant.load(say=print)
    right: collections.Counter[str] = collections.Counter()
    asked: collections.Counter[str] = collections.Counter()
    for file in sorted((HERE / "train").glob("*.jsonl")):
        for line in file.open(encoding="utf-8"):
            case: Case = json.loads(line)
            answer = helper.ask(case["turns"][0])
            for turn in case["turns"][1:]:
                answer = helper.ask(turn, after=answer)
            asked[answer.situation] += 1
            right[answer.situation] += marks(case, answer)["status"]
    order = sorted(asked, key=lambda s: (-asked[s], s))
    tables = [f'\n[[situation]]\nid = "{s}"\nright = {right[s]}\nasked = {asked[s]}\n' for s in order]
    target = shipped() / "confidence.toml"
    target.write_text(_HEAD + "".join(tables), encoding="utf-8")
    print(f"{target}: {sum(right.values())} of {sum(asked.values())} right in {len(asked)} situations")


if __name__ == "__main__":
    main()
