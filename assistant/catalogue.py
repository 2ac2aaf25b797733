"""A pack's rules in, their catalogue in Markdown out: what each says, why, where, and what was settled."""

from __future__ import annotations

import sys
from pathlib import Path

from assistant.compose import Composer
from assistant.pack import Pack, load
from assistant.rules import Rule


def catalogue(pack: Pack) -> str:
    """RULES.md of a pack; a test fails when the file in the folder differs."""
    composer = Composer(pack)
    lines = [
        f"# Rules of {pack.title}",
        "",
        f"Generated from `rules.toml` (`make rules`); state of the documents: {pack.edition_words}.",
        f"{len(pack.rules)} rules, {len(pack.resolutions)} resolutions, {len(pack.tensions)} places that read differently.",
    ]
    for decision in pack.decisions.values():
        rules = [r for r in pack.rules if r.decision == decision.id]
        if rules:
            lines += ["", f"## {decision.id}: {decision.label}"]
            lines += [line for rule in rules for line in _rule(pack, composer, rule)]
    lines += ["", "## How rules that meet are settled"]
    for z in pack.resolutions:
        lines += ["", f"- **{z.id}** ({z.kind}): {', '.join(z.win)} over {', '.join(z.over)}. {z.why}"]
    lines += ["", "## Places that read differently"]
    for tension in pack.tensions:
        places = "; ".join(f"“{p.quote}” ({p.source})" for p in tension.places)
        lines += ["", f"- **{tension.id}** ({tension.decision}): {tension.says} {places}"]
    return "\n".join(lines) + "\n"


def _rule(pack: Pack, composer: Composer, rule: Rule) -> list[str]:
    section = pack.section(rule.place.source)
    lines = [
        "",
        f"### {rule.id}: {rule.title}",
        "",
        f"- when: {composer.facts_words(rule.when) or 'always'}",
        f"- then: `{rule.then}` ({rule.basis})",
        f"- because: {rule.because}",
        f"- source: [{section.title}]({section.url}), “{rule.place.quote}”",
    ]
    if rule.instead:
        lines.append(f"- instead: {rule.instead}")
    return [*lines, f"- speaks of: {' '.join(rule.fires)}", f"- not of: {' '.join(rule.silent)}"]


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    (folder / "RULES.md").write_text(catalogue(load(folder)), encoding="utf-8")
