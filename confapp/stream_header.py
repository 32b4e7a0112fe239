"""What an .fvc file says of the model and tables that made it."""

from fractions import Fraction

from confapp.codec import FrequencyTables, FvcHeader
from models.talking_head import TalkingHead

STILL_MEDIA_TYPE = "image/webp"


def stream_header(head: TalkingHead, tables: FrequencyTables, fps: Fraction) -> FvcHeader:
    """The header of a stream of this model under these tables."""
    return FvcHeader(
        model_fingerprint=head.fingerprint,
        tables_fingerprint=tables.fingerprint,
        fps=fps,
        keypoints=head.config.keypoints,
        width=head.config.image_size,
        height=head.config.image_size,
        source_media_type=STILL_MEDIA_TYPE,
    )
