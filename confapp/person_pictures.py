"""Pictures of one person at a time, from videos and from shards for training."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from confapp.clip_pictures import clip_pictures
from confapp.errors import ConfappError
from confapp.media.clip import Clip
from confapp.media.framing import FaceFraming
from models.talking_head import Picture
from models.training.data.footage import Footage, Kind
from models.training.data.shard import find_shards, read_shards

FRAMES_APART = 25  # of a video
MOST_PICTURES = 4  # of a clip in a shard


def person_pictures(sources: Sequence[Path], size: int) -> Iterator[list[Picture]]:
    """At least two pictures of each clip, (size, size, 3) RGB uint8, far apart in time.

    Args:
        sources: videos of one person each, shards, or folders of shards.
        size: of the pictures, pixels.

    Raises:
        ConfappError: a source that cannot be read, or that shows nobody twice.
    """
    for path in sources:
        clips = (
            _of_shards(path, size)
            if path.is_dir() or path.suffix == ".tar"
            else [_of_video(path, size)]
        )
        found = False
        for pictures in clips:
            if len(pictures) > 1:
                found = True
                yield pictures
        if not found:
            raise ConfappError(
                "no-face",
                f"{path} does not show one face twice, a second apart; choose something longer.",
            )


def _of_video(path: Path, size: int) -> list[Picture]:
    framing = FaceFraming(size)
    views = (framing.frame(frame.rgb) for frame in Clip(path).frames())
    seen = (view.rgb for view in views if view.face and view.rgb is not None)
    return [rgb for number, rgb in enumerate(seen) if number % FRAMES_APART == 0]


def _of_shards(path: Path, size: int) -> Iterator[list[Picture]]:
    for footage in read_shards(find_shards([path])):
        if footage.kind is Kind.CLIP:
            yield _of_clip(footage, size)


def _of_clip(footage: Footage, size: int) -> list[Picture]:
    pictures = [picture for _, picture in clip_pictures(footage, size)]
    return pictures[:: -(-len(pictures) // MOST_PICTURES) or 1]
