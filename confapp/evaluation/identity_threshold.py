"""From which CSIM on two pictures count as one person, by the network that is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

import numpy as np

from confapp.evaluation.face_identity import Embedding, similarity
from confapp.evaluation.summary import DIGITS

ACCEPTED = 0.95  # share of true pairs of one person that must pass


@dataclass(frozen=True, slots=True)
class IdentityThreshold:
    """Calibrated on pairs as filmed.

    Attributes:
        value: the CSIM that 95 % of the pairs of one person reach.
        same_pairs: of one person, from one clip.
        other_pairs: of two people.
        others_accepted: share of these that reach it too; None without such pairs.
    """

    value: float
    same_pairs: int
    other_pairs: int
    others_accepted: float | None

    @classmethod
    def of(cls, people: Mapping[str, Sequence[Embedding]]) -> "IdentityThreshold | None":
        """Calibrate; None where nobody has two pictures."""
        same = [
            similarity(one, other)
            for pictures in people.values()
            for one, other in combinations(pictures, 2)
        ]
        others = [
            similarity(one, other)
            for mine, theirs in combinations(people.values(), 2)
            for one in mine
            for other in theirs
        ]
        if not same:
            return None
        value = float(np.quantile(same, 1 - ACCEPTED))
        accepted = float(np.mean(np.array(others) >= value)) if others else None
        return cls(
            round(value, DIGITS),
            len(same),
            len(others),
            None if accepted is None else round(accepted, DIGITS),
        )

    def facts(self) -> dict[str, float | int | None]:
        """For JSON."""
        return asdict(self)
