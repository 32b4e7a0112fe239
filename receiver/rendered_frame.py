"""What the receiving end makes of one motion frame."""

from dataclasses import dataclass

from confapp.media.video_frame import RgbImage


@dataclass(frozen=True, slots=True, eq=False)
class RenderedFrame:
    """A picture of the remote person.

    Attributes:
        rgb: (size, size, 3) uint8.
        timestamp_ms: capture time on the sender's stream.
    """

    rgb: RgbImage
    timestamp_ms: int
