"""What an .fvc file says of the model and tables that made it."""

from fractions import Fraction

from confapp.codec import FvcHeader, MotionCodec
from models.talking_head import TalkingHead

STILL_MEDIA_TYPE = "image/webp"


def stream_header(head: TalkingHead, codec: MotionCodec, fps: Fraction) -> FvcHeader:
    """The header of a stream of this model in this mode."""
    return FvcHeader(
        model_fingerprint=head.fingerprint,
        tables_fingerprint=codec.fingerprint,
        fps=fps,
        keypoints=head.config.keypoints,
        width=head.config.image_size,
        height=head.config.image_size,
        source_media_type=STILL_MEDIA_TYPE,
        mode=codec.mode,
    )
