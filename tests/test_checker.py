"""The checker is exact: a plain enumeration of every world says the same, of any scenario of any decision.

`Oracle` is written from the design's words, not from the checker's code: worlds are dictionaries, sets of them lists,
and nothing of `assistant.checker` is used in it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from itertools import combinations, product
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assistant.checker import Checker
from assistant.engine import shipped
from assistant.errors import UnknownName
from assistant.pack import Pack, load
from assistant.types import Facts, Verdict

World = dict[str, str]
Known = dict[str, tuple[str, ...]]
Table = dict[tuple[str, ...], str]
"""The values of the world's own variables -> what then holds, at best."""


class Oracle:
    """Every world of one decision, one by one."""

    tables: dict[tuple[tuple[str, tuple[str, ...]], ...], Table]

    def __init__(self, pack: Pack, decision: str) -> None:
        self.pack, self.decision = pack, pack.decisions[decision]
        self.rules = [r for r in pack.rules if r.decision == decision]
        names = list(dict.fromkeys(n for r in self.rules for n in r.when))
        self.domains = {n: pack.dimensions[n].names for n in names}
        capability = self.decision.kind == "capability"
        self.choices = [n for n in names if capability and pack.dimensions[n].kind == "choice"]
        self.fixed = [n for n in names if n not in self.choices]
        axioms = [a for a in pack.axioms if set(a.never) <= set(names)]
        self.tables = {}
        self.worlds: list[tuple[World, str]] = []
        for values in product(*self.domains.values()):
            world = dict(zip(names, values, strict=True))
            if not any(holds(a.never, world) for a in axioms):
                self.worlds.append((world, self.outcome(world)))

    def outcome(self, world: World) -> str:
        """What the rules say of one world."""
        speaking = {r.id: r.then for r in self.rules if holds(r.when, world)}
        beaten = {
            loser
            for z in self.pack.resolutions
            if z.kind in {"prefer", "exception"} and any(w in speaking for w in z.win)
            for loser in z.over
        }
        said = {then for rule, then in speaking.items() if rule not in beaten}
        return "silent" if not said else "conflict" if len(said) > 1 else said.pop()

    def settle(self, said: Facts, *, assuming: bool = True) -> Known:
        """What is known: said, carried over, implied, assumed, in this order."""
        known = {n: tuple(v) for n, v in said.items()}
        for name in self.domains:
            source = self.pack.dimensions[name].reads
            if source in said and name not in said:
                shared = tuple(v for v in said[source] if v in self.domains[name])
                if shared:
                    known[name] = shared
        for _ in self.pack.implications:  # as often as one could lead to the next
            for implied in self.pack.implications:
                if certain(implied.when, known):
                    for name, value in implied.then.items():
                        known.setdefault(name, (value,))
        for assumed in self.pack.assumptions:
            if assuming and assumed.decision == self.decision.id and certain(assumed.when, known):
                for name, value in assumed.set.items():
                    known.setdefault(name, (value,))
        return {n: v for n, v in known.items() if n in self.domains}

    def table(self, known: Facts) -> Table:
        """For each way the world could be, the best that some choice gives."""
        key = tuple(sorted(known.items()))
        if key not in self.tables:
            self.tables[key] = self._table(known)
        return self.tables[key]

    def _table(self, known: Facts) -> Table:
        found: dict[tuple[str, ...], set[str]] = {}
        for world, outcome in self.worlds:
            if holds(known, world):
                found.setdefault(tuple(world[n] for n in self.fixed), set()).add(outcome)
        order = ("supported", "conflict", "not_stated", "not_supported", "silent")
        if self.decision.kind == "capability":
            return {way: next(o for o in order if o in outcomes) for way, outcomes in found.items()}
        return {way: outcome for way, (outcome,) in found.items()}

    def status(self, ways: Collection[str]) -> tuple[str, str]:
        """One word for the outcomes of all ways that are open, and the outcome behind it."""
        outcomes, count = set(ways), Counter(ways)
        spoken = outcomes - {"silent"}
        if self.decision.kind == "value":
            if outcomes == {"conflict"}:
                return "conflict", "conflict"
            if not spoken:
                return "not_stated", "silent"
            return ("information", min(spoken)) if len(outcomes) == 1 else ("depends", "depends")
        if len(spoken) == len(outcomes) == 1:
            (one,) = spoken
            return one, one
        if "supported" in outcomes:
            return "depends", "depends"
        if "not_supported" in outcomes and "not_stated" not in outcomes:
            mostly_silent = count["silent"] > count["not_supported"]
            return ("not_stated", "silent") if mostly_silent else ("not_supported", "not_supported")
        if "conflict" in outcomes:
            return "conflict", "conflict"
        return "not_stated", "not_stated" if "not_stated" in outcomes else "silent"


def holds(facts: Facts, world: World) -> bool:
    """Whether a world is one of those that the facts allow."""
    return all(world[n] in values for n, values in facts.items())


def certain(when: Facts, known: Facts) -> bool:
    """Whether what is known leaves no doubt that a condition holds."""
    return all(n in known and set(known[n]) <= set(values) for n, values in when.items())


def both(known: Facts, more: Facts) -> Known:
    """The values that two descriptions both allow."""
    names = dict.fromkeys([*known, *more])
    return {n: tuple(v for v in known.get(n, more.get(n, ())) if v in more.get(n, known.get(n, ()))) for n in names}


PACK = load(shipped())
CHECKER = Checker(PACK)


@cache
def oracle(decision: str) -> Oracle:
    return Oracle(PACK, decision)


def values_of(name: str) -> st.SearchStrategy[tuple[str, ...]]:
    """One value of a dimension, more often than several."""
    names = PACK.dimensions[name].names
    several = st.sets(st.sampled_from(names), min_size=1).map(lambda s: tuple(v for v in names if v in s))
    return st.one_of(st.sampled_from(names).map(lambda v: (v,)), st.sampled_from(names).map(lambda v: (v,)), several)


@st.composite
def scenarios(draw: st.DrawFn) -> tuple[str, Known]:
    """A decision and what a user could have said, of its own variables mostly."""
    decision = draw(st.sampled_from([d for d in PACK.decisions for _ in range(len(oracle(d).domains))]))
    own = oracle(decision).domains
    near = dict.fromkeys([*own, *(PACK.dimensions[n].reads for n in own if PACK.dimensions[n].reads)])
    names = draw(st.lists(st.sampled_from(list(near)), unique=True))
    names += draw(st.lists(st.sampled_from(list(PACK.dimensions)), unique=True, max_size=1))
    return decision, {n: draw(values_of(n)) for n in dict.fromkeys(names)}


def case(decision: str, facts: Known) -> tuple[Verdict, Oracle, Known, Table]:
    """The checker's verdict, and all that the oracle knows of the same scenario."""
    truth = oracle(decision)
    known = truth.settle(facts)
    return CHECKER.check(decision, facts), truth, known, truth.table(known)


# ---- the verdict


@settings(max_examples=1000)
@given(scenarios())
@example(("backup", {"tool": ("workload_extension",)}))
def test_the_status_is_that_of_every_world(scenario: tuple[str, Known]) -> None:
    verdict, truth, _, table = case(*scenario)
    if table:
        assert (verdict.status, verdict.outcome) == truth.status(table.values())
    else:
        assert (verdict.status, verdict.outcome, bool(verdict.impossible)) == ("depends", "impossible", True)


@pytest.mark.parametrize("decision", PACK.decisions)
def test_every_single_world_is_decided_as_the_rules_say(decision: str) -> None:
    truth = oracle(decision)
    wrong = []
    for world, outcome in truth.worlds:
        verdict = CHECKER.check(decision, {n: (v,) for n, v in world.items()})
        expected = {"silent": "not_stated"}.get(
            outcome, outcome if truth.decision.kind == "capability" or outcome == "conflict" else "information"
        )
        if verdict.status != expected:
            wrong.append((world, verdict.status, expected))
    assert wrong == []


@pytest.mark.parametrize("decision", PACK.decisions)
def test_nothing_said_is_decided_over_every_world(decision: str) -> None:
    verdict, truth, _, table = case(decision, {})
    assert (verdict.status, verdict.outcome) == truth.status(table.values())


@given(scenarios())
def test_a_rule_is_named_only_where_it_can_speak(scenario: tuple[str, Known]) -> None:
    verdict, truth, known, _ = case(*scenario)
    worlds = [w for w, _ in truth.worlds if holds(known, w)]
    mute = [r for r in verdict.rules if not any(holds(PACK.rule(r).when, w) for w in worlds)]
    assert (mute, [r for r in verdict.rules if PACK.rule(r).decision != truth.decision.id]) == ([], [])


@given(scenarios())
def test_a_definite_verdict_names_a_rule_that_says_it(scenario: tuple[str, Known]) -> None:
    verdict, _, _, _ = case(*scenario)
    if verdict.status not in {"supported", "not_supported", "information"}:
        return
    assert verdict.outcome in {PACK.rule(r).then for r in verdict.rules}


@pytest.mark.parametrize("decision", PACK.decisions)
def test_a_conflict_names_rules_of_both_sides(decision: str) -> None:
    worlds = [w for w, outcome in oracle(decision).worlds if outcome == "conflict"]
    sides = [
        {PACK.rule(r).then for r in CHECKER.check(decision, {n: (v,) for n, v in w.items()}).rules} for w in worlds
    ]
    assert [w for w, s in zip(worlds, sides, strict=True) if len(s) < 2] == []


@given(scenarios())
def test_what_was_assumed_is_told_when_it_matters(scenario: tuple[str, Known]) -> None:
    decision, facts = scenario
    verdict, truth, known, table = case(decision, facts)
    said = truth.settle(facts, assuming=False)
    silent = {(n, v) for a in PACK.assumptions if a.silent and a.decision == decision for n, v in a.set.items()}
    assumed = {(n, v[0]) for n, v in known.items() if n not in said} - silent
    told = {(n, v) for n, v, _ in verdict.assumed}
    if verdict.impossible:
        return
    untold = {n for n, _ in assumed - told}
    assert told - assumed == set()
    assert set(truth.table({n: v for n, v in known.items() if n not in untold}).values()) == set(table.values())


@pytest.mark.parametrize("decision", PACK.decisions)
@pytest.mark.parametrize("name", PACK.dimensions)
def test_what_follows_from_what_follows_is_known(decision: str, name: str) -> None:
    for value in PACK.dimensions[name].names:
        known, _ = CHECKER.settle(decision, {name: (value,)})
        assert dict(known) == oracle(decision).settle({name: (value,)})


# ---- facts that cannot hold together


@given(scenarios())
def test_impossible_facts_name_the_axiom_that_they_break(scenario: tuple[str, Known]) -> None:
    verdict, _, known, table = case(*scenario)
    if table:
        assert verdict.impossible == ()
        return
    axioms = {a.id: a for a in PACK.axioms}
    assert verdict.impossible != ()
    assert [a for a in verdict.impossible if not certain(axioms[a].never, known)] == []


# ---- what is missing


@given(scenarios())
def test_every_branch_gives_what_it_says(scenario: tuple[str, Known]) -> None:
    verdict, truth, known, _ = case(*scenario)
    found = [(b.facts, b.outcome, set(truth.table(both(known, b.facts)).values())) for b in verdict.branches]
    assert [(f, {o}) for f, o, _ in found] == [(f, t) for f, _, t in found]


@given(scenarios())
@example(("backup", {"sql_backup_type": ("differential",)}))
def test_a_branch_told_to_the_checker_gives_what_it_says(scenario: tuple[str, Known]) -> None:
    decision, facts = scenario
    verdict, _, known, _ = case(decision, facts)
    wrong = []
    for branch in verdict.branches:
        again = CHECKER.check(decision, {**facts, **both(known, branch.facts)})
        if again.outcome != branch.outcome:
            wrong.append((branch.facts, branch.outcome, again.outcome))
    assert wrong == []


@given(scenarios())
def test_branches_cover_every_world_once(scenario: tuple[str, Known]) -> None:
    verdict, truth, _, table = case(*scenario)
    if not verdict.branches:
        return
    for way in table:
        world = dict(zip(truth.fixed, way, strict=True))
        assert sum(holds(b.facts, world) for b in verdict.branches) == 1, world


@given(scenarios())
def test_branches_speak_of_the_missing_facts_only(scenario: tuple[str, Known]) -> None:
    verdict, truth, known, _ = case(*scenario)
    if not verdict.impossible:
        assert {n for b in verdict.branches for n in b.facts} <= set(verdict.missing)
        assert [n for n in verdict.missing if len(known.get(n, ("", ""))) < 2 or n in truth.choices] == []


@given(scenarios())
def test_missing_is_empty_when_the_verdict_is_certain(scenario: tuple[str, Known]) -> None:
    verdict, _, _, table = case(*scenario)
    if len(set(table.values())) == 1:
        assert (verdict.missing, verdict.branches, verdict.ask) == ((), (), None)


@given(scenarios())
def test_no_smaller_set_of_answers_would_settle_it(scenario: tuple[str, Known]) -> None:
    verdict, truth, known, table = case(*scenario)
    if not verdict.branches:
        return

    def settles(names: Iterable[str]) -> bool:
        seen: dict[tuple[str, ...], set[str]] = {}
        for way, outcome in table.items():
            world = dict(zip(truth.fixed, way, strict=True))
            seen.setdefault(tuple(world[n] for n in names), set()).add(outcome)
        return all(len(outcomes) == 1 for outcomes in seen.values())

    unknown = [n for n in truth.fixed if len(known.get(n, ("", ""))) > 1]
    assert settles(verdict.missing)
    assert not any(settles(names) for names in combinations(unknown, len(verdict.missing) - 1))


@given(scenarios())
def test_what_we_ask_makes_a_difference(scenario: tuple[str, Known]) -> None:
    verdict, truth, known, _ = case(*scenario)
    if verdict.ask is None:
        return
    name = verdict.ask
    assert (verdict.status, name in truth.fixed) == ("depends", True)
    answers = [
        frozenset(t.values()) for v in known.get(name, truth.domains[name]) if (t := truth.table({**known, name: (v,)}))
    ]
    assert len(set(answers)) > 1


@given(scenarios())
def test_a_verdict_that_depends_has_something_to_ask(scenario: tuple[str, Known]) -> None:
    verdict, truth, known, table = case(*scenario)
    if not (verdict.status == "depends" and table):
        return
    helpful = [
        n
        for n in truth.fixed
        if len(
            {frozenset(t.values()) for v in known.get(n, truth.domains[n]) if (t := truth.table({**known, n: (v,)}))}
        )
        > 1
    ]
    assert (verdict.ask in helpful) if helpful else verdict.ask is None


# ---- the facts that decide


@given(scenarios())
def test_the_deciding_facts_decide_alone(scenario: tuple[str, Known]) -> None:
    verdict, truth, known, table = case(*scenario)
    if len(set(table.values())) != 1:
        return
    assert {n: known.get(n) for n in verdict.facts} == dict(verdict.facts)
    assert set(truth.table(verdict.facts).values()) == set(table.values())


def follows(truth: Oracle, known: Facts, facts: Facts, outcome: str) -> bool:
    """Whether the outcome follows from `facts` whatever the user's other facts and choices had been."""
    dropped = [n for n in truth.choices if n in known and n not in facts]
    settings_ = [
        dict(zip(dropped, ((v,) for v in values), strict=True))
        for values in product(*(truth.domains[n] for n in dropped))
    ]
    return {o for chosen in settings_ for o in truth.table({**facts, **chosen}).values()} == {outcome}


@given(scenarios())
@example(
    (
        "restore",
        {
            "restore_option": ("create_new_vm",), "power_at_restore": ("stopped",), "encryption": ("unencrypted",), "made_with": ("mars",),
            "vhd_region": ("same",), "disk_type": ("managed",), "os": ("windows",),
        },
    )
)  # fmt: skip
@example(("app_aware", {"tool": ("vm_extension",), "os": ("windows",)}))
def test_the_verdict_follows_from_the_deciding_facts(scenario: tuple[str, Known]) -> None:
    verdict, truth, known, table = case(*scenario)
    if len(set(table.values())) == 1:
        assert follows(truth, known, verdict.facts, *set(table.values()))


@given(scenarios())
def test_none_of_the_deciding_facts_can_be_left_out(scenario: tuple[str, Known]) -> None:
    verdict, truth, known, table = case(*scenario)
    if len(set(table.values())) == 1:
        less = {n: {m: v for m, v in verdict.facts.items() if m != n} for n in verdict.facts}
        assert [n for n, rest in less.items() if follows(truth, known, rest, *set(table.values()))] == []


# ---- what works


def allowed(truth: Oracle, known: Facts, open_choices: Iterable[str]) -> set[tuple[str, ...]]:
    """The settings of the open choices with which some world of the facts is supported."""
    return {tuple(w[n] for n in open_choices) for w, o in truth.worlds if o == "supported" and holds(known, w)}


@given(scenarios())
def test_the_options_are_all_that_can_work_and_nothing_else(scenario: tuple[str, Known]) -> None:
    verdict, truth, known, table = case(*scenario)
    names = [n for n in truth.choices if len(known.get(n, ("", ""))) > 1]
    if not table:
        return
    listed = [
        dict(zip(names, values, strict=True)) for values in product(*(known.get(n, truth.domains[n]) for n in names))
    ]
    shown = {tuple(c.values()) for c in listed if any(holds(o.facts, c) for o in verdict.options)}
    expected = allowed(truth, known, names) if names else set()
    assert shown == expected


@given(scenarios())
def test_options_do_not_overlap(scenario: tuple[str, Known]) -> None:
    verdict, truth, known, _ = case(*scenario)
    for values in product(*(known.get(n, truth.domains[n]) for n in truth.choices)):
        assert sum(holds(o.facts, dict(zip(truth.choices, values, strict=True))) for o in verdict.options) <= 1


@given(scenarios())
def test_an_option_names_the_rules_that_allow_it(scenario: tuple[str, Known]) -> None:
    verdict, _, _, _ = case(*scenario)
    assert [
        o.facts for o in verdict.options if not o.rules or any(PACK.rule(r).then != "supported" for r in o.rules)
    ] == []


# ---- what would help


def changed(facts: Known, change: Facts) -> Known:
    """What the user would have said with a change made: under the name under which it was said."""
    return {**facts, **{n if n in facts else PACK.dimensions[n].reads: v for n, v in change.items()}}


@given(scenarios())
def test_every_change_really_makes_it_supported(scenario: tuple[str, Known]) -> None:
    decision, facts = scenario
    verdict, truth, _, _ = case(decision, facts)
    outcomes = [(c, set(truth.table(truth.settle(changed(facts, c))).values())) for c in verdict.changes]
    assert [(c, o) for c, o in outcomes if o != {"supported"}] == []


@given(scenarios())
@example(("backup", {"environment": ("physical",), "level": ("entire_vm",)}))
def test_a_change_told_to_the_checker_makes_it_supported(scenario: tuple[str, Known]) -> None:
    decision, facts = scenario
    said = [(c, CHECKER.check(decision, changed(facts, c)).status) for c in CHECKER.check(decision, facts).changes]
    assert [(c, status) for c, status in said if status != "supported"] == []


@given(scenarios())
def test_changes_are_the_smallest_easiest_first_and_of_what_was_said(scenario: tuple[str, Known]) -> None:
    decision, facts = scenario
    verdict, truth, known, _ = case(decision, facts)
    said = [n for n in truth.domains if n in facts or PACK.dimensions[n].reads in facts]
    sizes = {len(c) for c in verdict.changes}
    costs = [sum(PACK.dimensions[n].change for n in c) for c in verdict.changes]
    assert len(sizes) <= 1
    assert costs == sorted(costs)
    assert [n for c in verdict.changes for n, v in c.items() if n not in said or v == known[n] or len(v) != 1] == []
    if verdict.status == "not_supported" and sizes != {1}:
        singles = [{n: (v,)} for n in said for v in truth.domains[n] if len(known[n]) == 1 and v not in known[n]]
        assert [c for c in singles if set(truth.table(truth.settle(changed(facts, c))).values()) == {"supported"}] == []


@given(scenarios())
def test_only_a_refusal_has_changes(scenario: tuple[str, Known]) -> None:
    verdict = CHECKER.check(*scenario)
    assert verdict.status == "not_supported" or verdict.changes == ()


# ---- more facts


@given(scenarios(), st.data())
def test_one_more_fact_never_turns_supported_into_not_supported(
    scenario: tuple[str, Known], data: st.DataObject
) -> None:
    decision, facts = scenario
    verdict, truth, known, _ = case(decision, facts)
    unsaid = [n for n in truth.fixed if n not in known and not PACK.dimensions[n].reads]
    if not (verdict.status == "supported" and unsaid):
        return
    name = data.draw(st.sampled_from(unsaid))
    more = {**facts, name: (data.draw(st.sampled_from(truth.domains[name])),)}
    after = truth.settle(more)
    if {n: v for n, v in after.items() if n != name} != known:
        return
    again = CHECKER.check(decision, more)
    assert again.status == "supported" or again.impossible


@given(scenarios(), st.data())
def test_an_answered_question_never_adds_an_outcome(scenario: tuple[str, Known], data: st.DataObject) -> None:
    decision, facts = scenario
    verdict, truth, known, table = case(decision, facts)
    if not (verdict.ask is not None and verdict.ask not in facts):
        return
    name = str(verdict.ask)
    value = data.draw(st.sampled_from(known.get(name, truth.domains[name])))
    after = truth.table({**known, name: (value,)})
    assert set(after.values()) <= set(table.values())


@given(scenarios())
def test_the_order_of_the_facts_does_not_matter(scenario: tuple[str, Known]) -> None:
    decision, facts = scenario
    assert CHECKER.check(decision, dict(reversed(facts.items()))) == CHECKER.check(decision, facts)


@given(scenarios())
def test_facts_foreign_to_the_decision_change_nothing(scenario: tuple[str, Known]) -> None:
    decision, facts = scenario
    own = set(oracle(decision).domains)
    used = own | {PACK.dimensions[n].reads for n in own} | {n for i in PACK.implications for n in i.when}
    used |= {n for a in PACK.assumptions if a.decision == decision for n in a.when}
    foreign = [n for n in PACK.dimensions if n not in used]
    more = {**facts, **{n: PACK.dimensions[n].names[:1] for n in foreign}}
    assert CHECKER.check(decision, more) == CHECKER.check(
        decision, {n: v for n, v in facts.items() if n not in foreign}
    )


# ---- clear cases of the shipped pack

CLEAR: list[tuple[str, Mapping[str, str], str]] = [
    ("backup", {"location": "on_premises", "os": "linux", "environment": "virtual", "tool": "mars"}, "not_supported"),
    (
        "backup",
        {
            "location": "on_premises",
            "os": "windows",
            "environment": "virtual",
            "tool": "mars",
            "level": "files_folders",
        },
        "supported",
    ),
    ("backup", {"location": "on_premises", "os": "linux", "environment": "physical"}, "not_supported"),
    ("backup", {"location": "azure", "os": "linux", "tool": "vm_extension", "level": "entire_vm"}, "supported"),
    ("backup", {"location": "azure", "os": "linux", "tool": "mars", "level": "files_folders"}, "conflict"),
    ("backup", {"location": "on_premises", "os": "linux", "tool": "mabs", "level": "files_folders"}, "depends"),
    ("restore", {"restore_option": "replace_existing", "encryption": "encrypted"}, "not_supported"),
    ("app_aware", {"tool": "dpm"}, "supported"),
    ("reaches_vault", {"tool": "mabs", "mars_on_server": "no"}, "not_supported"),
    ("survives_region_loss", {"redundancy": "lrs"}, "not_supported"),
    ("default_redundancy", {}, "information"),
    ("snapshot_extension", {"os": "linux"}, "information"),
    ("backup", {"location": "azure", "environment": "physical"}, "depends"),
]


@pytest.mark.parametrize(("decision", "facts", "status"), CLEAR, ids=str)
def test_clear_cases(checker: Checker, decision: str, facts: Mapping[str, str], status: str) -> None:
    assert checker.check(decision, {n: (v,) for n, v in facts.items()}).status == status


def test_an_encrypted_machine_can_still_be_backed_up(checker: Checker) -> None:
    facts: Known = {"location": ("azure",), "os": ("windows",), "level": ("entire_vm",)}
    assert checker.check("backup", {**facts, "encryption": ("encrypted",)}) == checker.check("backup", facts)


def test_physical_machines_in_azure_are_impossible(checker: Checker) -> None:
    verdict = checker.check("backup", {"location": ("azure",), "environment": ("physical",)})
    assert (verdict.outcome, verdict.impossible, dict(verdict.facts)) == (
        "impossible",
        ("X-01",),
        {"location": ("azure",), "environment": ("physical",)},
    )


def test_an_unknown_decision_is_refused_with_help(checker: Checker) -> None:
    with pytest.raises(UnknownName, match=r"^unknown decision 'restor'; did you mean 'restore'\?$"):
        checker.check("restor", {})


# ---- the same in every process

ALL = """
from assistant.checker import Checker
from assistant.engine import shipped
from assistant.pack import load
pack = load(shipped())
checker = Checker(pack)
for decision in pack.decisions:
    for name, dimension in pack.dimensions.items():
        for value in dimension.names:
            print(checker.check(decision, {name: (value,)}))
    print(checker.check(decision, {}))
"""


def test_two_processes_say_the_same_bytes() -> None:
    said = [
        subprocess.run(
            [sys.executable, "-c", ALL],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parent.parent,
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "4711")
    ]
    assert said[0] == said[1] != b""


@settings(max_examples=50)
@given(scenarios())
@example(("backup", {}))
def test_a_second_checker_says_the_same(scenario: tuple[str, Known]) -> None:
    assert Checker(PACK).check(*scenario) == CHECKER.check(*scenario)
