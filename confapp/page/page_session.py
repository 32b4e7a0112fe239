"""The boundary between the page and the call: what each may ask of the other."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from confapp.call.control_message import RecordingStep
from confapp.call_report import CallReport
from confapp.call_summary import CallSummary
from confapp.media.frame_source import FrameSource
from confapp.pose_offset import PoseOffset
from receiver.rendered_frame import RenderedFrame
from sender.source_photo import SourcePhoto


class CallAudience(Protocol):
    """Who watches a call; on the event loop where nothing else is said."""

    def on_state(self, sentence: str, *, standing: bool, urgent: bool) -> None:
        """The call is at another point of its life, in words for a person."""
        ...

    def on_safety_code(self, code: str) -> None:
        """The words that both people should see alike."""
        ...

    def on_remark(self, sentence: str) -> None:
        """Something that the person should know, from any thread."""
        ...

    def on_picture(self, frame: RenderedFrame) -> None:
        """The other person, on the networks' thread."""
        ...

    def on_peer(self, name: str) -> None:
        """Who the other person says they are."""
        ...

    def on_peer_photo(self, still: bytes, *, live: bool) -> None:
        """The photo that their pictures are made of, a picture file as it came.

        Args:
            live: False when they say that it comes from disk.
        """
        ...

    async def on_knock(self) -> bool:
        """Whether to let in who waits in the lobby of the room."""
        ...

    def on_recording(self, step: RecordingStep) -> None:
        """A step of the agreement on recording, by the other side: see `Recording`."""
        ...


class MicrophoneSwitch(Protocol):
    """The microphone of a call.

    Attributes:
        muted: nothing is sent; set it from any thread.
        level_dbfs: of the last block, also while muted.
    """

    muted: bool
    level_dbfs: float


class PageSession(Protocol):
    """What the page asks of a call. Every method belongs to the event loop.

    Attributes:
        offset: how far the other person's head is turned; set it from any thread.
        microphone: to mute it and to see its level; None without sound.
        report: the figures of the last second; None before the call stood.
    """

    offset: PoseOffset

    @property
    def microphone(self) -> MicrophoneSwitch | None: ...
    @property
    def report(self) -> CallReport | None: ...

    async def run(self, room_url: str) -> CallSummary:
        """Hold the call until somebody leaves or the task is cancelled, which hangs up.

        Raises:
            ConfappError: why there is no call.
        """
        ...

    def close(self) -> None:
        """Let everything go; also of a call that never ran."""
        ...

    def retake(self, photo: SourcePhoto) -> None:
        """Be animated from another photo from now on."""
        ...

    def send_recording(self, step: RecordingStep) -> None:
        """A step of the agreement on recording, to the other side: see `Recording`."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class SessionWish:
    """What the person chose in the lobby.

    Attributes:
        name: shown to the other side; may be empty.
        microphone: name of the device; None for the default.
        photo: the source; None for the first frame with a face.
        frames: the camera, shared with the page.
        audience: who watches.
    """

    name: str
    microphone: str | None
    photo: SourcePhoto | None
    frames: FrameSource
    audience: CallAudience


OpenSession = Callable[[SessionWish], PageSession]
