"""In the place of a calibration: says from how many frames it learned."""

import numpy as np

from models.flow_correction import STEP, FlowCorrection
from models.talking_head import SourceAppearance, TalkingHead
from sender.source_watch import SeenFrame


class CountingLearner:
    """Learns from every frame, tells after every fourth, and says how many there were.

    Attributes:
        made: all of them, the oldest first.
    """

    made: "list[CountingLearner]" = []  # noqa: RUF012 (shared on purpose)

    def __init__(self, _head: TalkingHead, appearance: SourceAppearance) -> None:
        self.appearance = appearance
        self.frames = 0
        self.made.append(self)

    def learn(self, _: SeenFrame) -> bool:
        self.frames += 1
        return True

    def correction(self) -> FlowCorrection:
        coefficients = np.zeros_like(FlowCorrection.nothing().coefficients)
        coefficients[0, 0, 0, 0] = self.frames * STEP
        return FlowCorrection(coefficients)

    def tell(self) -> bytes | None:
        return None if self.frames % 4 else self.correction().to_bytes()


def frames_told(correction: FlowCorrection) -> int:
    """From how many frames a correction was learned."""
    return round(float(correction.coefficients[0, 0, 0, 0]) / STEP)
