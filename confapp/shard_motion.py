"""The motion of the people in training shards."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from confapp.motion_frame import MotionFrame
from models.talking_head import TalkingHead
from models.training.data.footage import Footage, Kind
from models.training.data.frame_store import ResidentFrames
from models.training.data.frame_table import FrameTable
from models.training.data.shard import find_shards, read_shards

MOST_FRAMES = 24  # of a clip; neighbours in a clip say little more


def shard_motion(head: TalkingHead, shards: Sequence[Path]) -> Iterator[list[MotionFrame]]:
    """The first frames of each clip in the shards for training, clip by clip.

    Shards hold thinned clips, so times are only the frames' numbers.

    Raises:
        ConfappError: `data-not-found`, `data-empty`.
    """
    for footage in read_shards(find_shards(shards)):
        if footage.kind is Kind.CLIP and len(footage) > 1:
            yield _motion(head, footage)


def _motion(head: TalkingHead, footage: Footage) -> list[MotionFrame]:
    table = FrameTable([footage])
    store = ResidentFrames(table, head.config.image_size, torch.device("cpu"))
    frames = [i for i in range(len(table)) if i not in store.unreadable][:MOST_FRAMES]
    pictures = store.frames(torch.tensor(frames, dtype=torch.long))
    return [
        head.encode_motion(np.ascontiguousarray(picture.permute(1, 2, 0).numpy()), number)
        for number, picture in zip(frames, pictures, strict=True)
    ]
