"""A correction of the remote person's pictures that shows little by little."""

import math

from confapp.media.video_frame import RgbImage
from models.flow_correction import FlowCorrection, Numbers

EASE_MS = 300.0  # in which two thirds of what is new show, so that no face jumps
WHOLE = 0.99  # a share that leaves nothing to see


class EasedCorrection:
    """What is shown follows what was taken last.

    Any thread may take, one corrects.
    """

    def __init__(self) -> None:
        self._wanted = self._shown = FlowCorrection.nothing()
        self._shown_ms: int | None = None

    def take(self, correction: FlowCorrection) -> None:
        """Correct by this from now on."""
        self._wanted = correction

    def corrected(self, picture: RgbImage, at: Numbers, timestamp_ms: int) -> RgbImage:
        """A rendering corrected, in order of time.

        Args:
            at: its departure from the source.
        """
        wanted = self._wanted
        if self._shown_ms is None:  # there was no picture that could jump
            self._shown = wanted
        passed_ms = max(timestamp_ms - (self._shown_ms or 0), 0)
        self._shown_ms = timestamp_ms
        if self._shown is not wanted:
            share = -math.expm1(-passed_ms / EASE_MS)
            self._shown = wanted if share > WHOLE else self._shown.towards(wanted, share)
        return self._shown.corrected(picture, at)
