"""Everything the assistant raises on purpose.

AssistantError
├── QuestionError    a question or text that cannot be read (empty, too long, control characters)
├── PackError        a knowledge pack that is not well formed; the message says file, place and remedy
├── SettingError     a door that is configured wrongly; says which setting and how to mend it
├── UnknownName      a dimension, value, rule or section that does not exist; says which is near
├── IndexFault      the index could not be built, published or read
│   └── BuildRunning another process is building the same index
├── MissingExtra     a verb whose libraries are not installed; says which extra to install
├── ModelError       a model that cannot be used: weights missing or not the ones pinned, a chat model that does not open
├── SuiteError       an evaluation suite, run folder or gate that is not well formed
└── TargetError      what is being evaluated timed out, died or answered garbage
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class AssistantError(Exception):
    """Base of all errors raised on purpose; its text is one line, fit to be shown to a user."""


class QuestionError(AssistantError):
    """A question that cannot be read: empty, too long, or holding control characters."""


class PackError(AssistantError):
    """A knowledge pack that is not well formed."""


class SettingError(AssistantError):
    """A door that is configured wrongly."""


class UnknownName(AssistantError):
    """A name that is not there; the message offers the nearest that is."""

    def __init__(self, kind: str, found: str, known: Iterable[str]) -> None:
        super().__init__(f"unknown {kind} {found!r}{did_you_mean(found, known)}")


class IndexFault(AssistantError):
    """The search index could not be built, published or read."""


class BuildRunning(IndexFault):
    """Another process is building the same index right now."""


class MissingExtra(AssistantError):
    """Libraries of an optional extra that are not installed."""


class ModelError(AssistantError):
    """Weights that are missing or not the ones whose checksum is pinned; a chat model that cannot be opened."""


class SuiteError(AssistantError):
    """An evaluation file that is not well formed; `faults` holds every one of them, as ``file:line: what; what to do``."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(faults[0] if len(faults) == 1 else f"{faults[0]} (and {len(faults) - 1} more)")
        self.faults = tuple(faults)


class TargetError(AssistantError):
    """What is being evaluated timed out, died or answered garbage."""


def did_you_mean(found: str, known: Iterable[str]) -> str:
    """The tail of an error message: '; did you mean 'x'?' or, when nothing is near, the known names."""
    names = sorted(known)
    near = get_close_matches(found, names, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(names)}" if names else ""
