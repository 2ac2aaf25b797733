"""Conversations in, those out that ask the same in other words: read to the same facts, and near by their embedding.

Likeness alone does not do: of the two million pairs of questions from different cases in our suites, 866 with opposed
answers lie at cosine .95 and above ("Linux" for "Windows"). Read to the same as well, none does down to .85, and the first
pair that asks two things lies at .876; at .90 all 95 pairs from different cases ask the same, and 26 % of the rewordings
outside the grid are found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from assistant.errors import QuestionError
from assistant.reading import Reader

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from assistant.pack import Pack

_NEAR = 0.90
"""Least cosine, turn by turn; see above."""


class Near:
    """Remembers conversations of one pack; `vector` gives the unit vector of a text, and is asked only when readings agree."""

    def __init__(self, pack: Pack, vector: Callable[[str], NDArray[np.float32]]) -> None:
        self._reader = Reader(pack)
        self._tells_apart = bool(pack.dimensions)
        self._vector = vector
        self._vectors: dict[str, NDArray[np.float32]] = {}
        self._groups: dict[tuple[object, ...], list[tuple[str, ...]]] = {}

    def met(self, turns: tuple[str, ...]) -> tuple[str, ...] | None:
        """The first conversation that asked this in other words; None for news, which is remembered.

        Always None for a pack without a vocabulary: nothing would tell Linux from Windows there.
        """
        read = self._read(turns) if self._tells_apart else None
        if read is None:
            return None
        group = self._groups.setdefault(read, [])
        found = next((g for g in group if all(map(self._alike, turns, g))), None)
        if found is None:
            group.append(turns)
        return found

    def _read(self, turns: Sequence[str]) -> tuple[object, ...] | None:
        """What each turn was understood to say, apart from its words; None when one cannot be read."""
        try:
            readings = [self._reader.read(turn) for turn in turns]
        except QuestionError:
            return None
        return tuple(
            (
                r.decision, tuple(tuple(sorted(s.facts.items())) for s in r.scenarios), r.kind in {"capability", "claim"}, r.negative,
                r.only, r.every, r.asked, r.outcome, r.compared, r.unheard, r.silence, r.choices,
            )
            for r in readings
        )  # fmt: skip

    def _alike(self, one: str, other: str) -> bool:
        return float(self._of(one) @ self._of(other)) >= _NEAR

    def _of(self, text: str) -> NDArray[np.float32]:
        if text not in self._vectors:
            self._vectors[text] = self._vector(text)
        return self._vectors[text]
