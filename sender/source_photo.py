"""The source photo: what the receiver animates."""

from dataclasses import dataclass
from pathlib import Path

from confapp.media.framing import FaceFraming
from confapp.media.photo import load_photo
from confapp.media.still import BUDGET_BYTES, decode_still, encode_still
from confapp.media.video_frame import RgbImage


@dataclass(frozen=True, slots=True, eq=False)
class SourcePhoto:
    """A framed photo as it travels.

    Attributes:
        still: the coded picture, about 12 KB at 256x256.
        rgb: its decoded pixels, which both ends use.
        live: taken with the camera for this call; the other side is told where it is not.
    """

    still: bytes
    rgb: RgbImage
    live: bool

    @classmethod
    def of_view(
        cls, view: RgbImage, budget_bytes: int = BUDGET_BYTES, *, live: bool = True
    ) -> "SourcePhoto":
        """Code a framed (size, size, 3) view."""
        still = encode_still(view, budget_bytes)
        return cls(still, decode_still(still), live)

    @classmethod
    def of_file(cls, path: Path, size: int) -> "SourcePhoto":
        """Frame and code a photo from disk.

        Raises:
            ConfappError: the photo cannot be read, or shows no face.
        """
        return cls.of_view(FaceFraming(size).frame_photo(load_photo(path)), live=False)
