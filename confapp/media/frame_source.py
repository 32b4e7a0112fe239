"""What a session asks of whatever gives it pictures in real time."""

from collections.abc import Iterator
from typing import Protocol

from confapp.media.video_frame import VideoFrame


class FrameSource(Protocol):
    """A camera, or a clip played at its own speed."""

    def frames(self) -> Iterator[VideoFrame]:
        """Frames as they come; blocks until the next one is due.

        Raises:
            ConfappError: the source broke (a camera was unplugged).
        """
        ...

    def close(self) -> None:
        """Stop: `frames` ends soon after. May be called from another thread, and twice."""
        ...
