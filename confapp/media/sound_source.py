"""What a session asks of whatever gives it sound in real time."""

from collections.abc import Iterator
from typing import Protocol

from confapp.media.sound_format import SoundBlock


class SoundSource(Protocol):
    """A microphone, or a file played at its own speed."""

    def blocks(self) -> Iterator[SoundBlock]:
        """Blocks as they come; waits until the next one is due.

        Raises:
            ConfappError: the source broke (a microphone was unplugged).
        """
        ...

    def close(self) -> None:
        """Stop: `blocks` ends soon after. May be called from another thread, and twice."""
        ...
