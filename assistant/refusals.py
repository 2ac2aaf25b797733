"""A question that cannot be answered in, what the documents do not say and the nearest places out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.lexicon import words
from assistant.types import Hit, Reading, Status

if TYPE_CHECKING:
    from assistant.choices import House
    from assistant.compose import Page
    from assistant.confidence import Way


class Refusing:
    """One question that neither the rules nor a place of the documents answer."""

    def __init__(self, house: House, question: str, reading: Reading, page: Page) -> None:
        self.house, self.pack, self.composer = house, house.pack, house.composer
        self.question, self.reading, self.page = question, reading, page
        self.way: Way = "nothing near"

    def refuse(self, hits: Sequence[Hit]) -> Status:
        """Nothing near: the best places all the same, or that the subject is another one."""
        if self.reading.off_topic or not hits:
            return self.foreign()
        self.composer.nearest(self.page, hits, "The documents do not say this.")
        return "not_stated"

    def foreign(self) -> Status:
        """Another subject, or a greeting."""
        self.way = "outside"
        if words("courtesies").issuperset(w for w in self.house.reader.words(self.question) if w[0].isalpha()):
            self.page.say(f"Ask about {self.pack.about}: put a question, or paste a claim or a whole plan.")
            return "out_of_scope"
        self.composer.nearest(
            self.page,
            (),
            f"This is outside what these documents cover: they are about {self.pack.about}. The documents do not say anything on it.",
        )
        return "out_of_scope"

    def unheard(self, hits: Sequence[Hit]) -> Status:
        """A name that the documents never mention."""
        self.way = "unknown name"
        names = ", ".join(w.upper() if len(w) < 4 else w.title() for w in self.reading.unheard)
        self.composer.nearest(
            self.page,
            hits,
            f"The documents do not speak of {names}, so neither yes nor no can be proven from them.",
        )
        return "not_stated"

    def silent(self) -> Status:
        """A subject on which the documents are known to be silent."""
        self.way = "known silence"
        subject = self.reading.silence or self.reading.aside
        silence = next(s for s in self.pack.silences if s.id == subject)
        self.page.say("Not stated in the documents.")
        self.page.say(silence.says, silence.place)
        return "not_stated"
