"""Machines that a message names: which words are about which, and of which one is asked."""

from __future__ import annotations

import pytest

from assistant.labels import asked_about, of_all, stretches


def cut(line: str) -> dict[str, str]:
    tokens = line.split()
    return {
        s.name: " ".join(tokens[s.start : s.end]) for s in stretches(tokens, lambda word: word in {"castor", "pollux"})
    }


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "vm a : windows , managed . vm b : linux . which tool ?",
            {"VM A": "vm a : windows , managed .", "VM B": "vm b : linux"},
        ),
        (
            "vm one was off , vm two in azure was on . the level of each ?",
            {"VM One": "vm one was off ,", "VM Two": "vm two in azure was on"},
        ),
        (
            "left vm : windows . it is on . right vm : linux . it is off . why ?",
            {"Left": "left vm : windows . it is on .", "Right": "right vm : linux . it is off"},
        ),
        (
            "castor is a windows vm , pollux a debian one , can mars do both ?",
            {"Castor": "castor is a windows vm ,", "Pollux": "pollux a debian one"},
        ),
        (
            "vm1 encrypted , vm2 unencrypted . both managed .",
            {"VM1": "vm1 encrypted ,", "VM2": "vm2 unencrypted"},
        ),
        (
            "for one i planned a disk , for the other a new vm . sound ?",
            {"One": "one i planned a disk , for", "The other": "the other a new vm"},
        ),
        ("one windows server virtual , the other physical", {"One": "server virtual ,", "The other": "the other physical"}),
        ("server p is windows , server q linux . is p fine ?", {"Server P": "server p is windows ,", "Server Q": "server q linux"}),
        ("three vms : a is windows , b has linux , c is off .", {"A": "a is windows ,", "B": "b has linux ,", "C": "c is off"}),
        ("( 1 ) windows ( 2 ) linux", {"1": "1 ) windows (", "2": "2 ) linux"}),
    ],
)  # fmt: skip
def test_words_are_about_the_machine_named_before_them(line: str, expected: dict[str, str]) -> None:
    assert cut(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "is a vm with 2 disks supported ?",
        "the first backup is full , the second one sends changes",
        "can a windows server and a linux server share one tool ?",
        "which one do i take , mars or dpm ?",
        "windows 2016 and sql 2017",
        "",
    ],
)
def test_no_machine_is_made_up(line: str) -> None:
    assert cut(line) == {}


@pytest.mark.parametrize(
    ("line", "before", "about"),
    [
        ("vm a windows . vm b linux . volumes on vm b ?", "", "VM B"),
        ("vm a windows . vm b linux . volumes on vm a and vm b ?", "", ""),
        ("vm a windows . vm b linux . volumes on both ?", "VM A", ""),
        ("vm a windows . vm b linux . is b fine ?", "", "VM B"),
        ("and its files ?", "VM A", "VM A"),
        ("and its files ?", "VM C", ""),
    ],
)
def test_the_machine_that_is_asked_about(line: str, before: str, about: str) -> None:
    assert asked_about(line.split(), ["VM A", "VM B"], set(), before) == about


def test_a_value_is_a_name_only_after_the() -> None:
    for line, about in (("mars for the linux one ?", "Linux"), ("mars for linux files ?", "")):
        assert asked_about(line.split(), ["Windows", "Linux"], {2, 3} & {line.split().index("linux")}) == about


def test_what_is_said_of_all() -> None:
    line = "a windows vm and a linux vm , both in azure . one is encrypted"
    tokens = line.split()
    assert [of_all(tokens, tokens.index(w)) for w in ("windows", "azure", "encrypted")] == [False, True, False]
