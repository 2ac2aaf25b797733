"""Assistants whose every verdict is proven and cited. Importing costs nothing: names are resolved on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.engine import Assistant
    from assistant.errors import AssistantError, PackError, QuestionError, UnknownName
    from assistant.types import Answer, Citation, Hit, Section, Verdict

__all__ = [
    "Answer", "Assistant", "AssistantError", "Citation", "Hit", "PackError", "QuestionError", "Section", "UnknownName",
    "Verdict",
]  # fmt: skip

_HOMES = {
    "Assistant": "engine",
    **dict.fromkeys(("AssistantError", "PackError", "QuestionError", "UnknownName"), "errors"),
    **dict.fromkeys(("Answer", "Citation", "Hit", "Section", "Verdict"), "types"),
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'assistant' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"assistant.{_HOMES[name]}"), name)
