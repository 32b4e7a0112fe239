"""A photo that does what the person in a clip does."""

from collections.abc import Iterator

from confapp.media.clip import Clip
from confapp.motion_frame import MotionFrame
from confapp.pose_offset import PoseOffset
from models.relative_motion import RelativeMotion
from models.talking_head import TalkingHead
from receiver.rendered_frame import RenderedFrame
from sender.clip_encoder import DrivingClip, EncodingReport
from sender.source_photo import SourcePhoto


class Reenactment:
    """Renders a source photo with the motion of a driving clip, of the same or another person.

    Args:
        head: the model.
        photo: whom to show.
        clip: what to do.
        relative: add the driver's movements to the photo's own pose and expression, instead of
            taking over the driver's.

    Attributes:
        report: what became of the clip's frames.
    """

    def __init__(
        self, head: TalkingHead, photo: SourcePhoto, clip: Clip, *, relative: bool
    ) -> None:
        self._head = head
        self._photo = photo
        self._driving = DrivingClip(head, clip)
        self._relative = relative
        self.report: EncodingReport = self._driving.report

    def frames(self, offset: PoseOffset) -> Iterator[RenderedFrame]:
        """One picture a frame of the clip from its first face on.

        Raises:
            ConfappError: `no-face` when the clip shows none.
        """
        appearance = self._head.encode_source(self._photo.rgb)
        motions: Iterator[MotionFrame] = (frame.motion for frame in self._driving)
        if self._relative:
            driving = list(motions)
            motions = map(RelativeMotion.to_nearest(appearance.motion, driving).apply, driving)
        for motion in motions:
            rgb = self._head.render(appearance, motion, offset)
            yield RenderedFrame(rgb, motion.timestamp_ms)
