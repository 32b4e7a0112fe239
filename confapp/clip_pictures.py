"""The pictures of one clip of a shard."""

from collections.abc import Iterator

import torch

from models.talking_head import Picture
from models.training.data.footage import Footage
from models.training.data.frame_store import ResidentFrames
from models.training.data.frame_table import FrameTable


def clip_pictures(footage: Footage, size: int) -> Iterator[tuple[int, Picture]]:
    """Each readable picture with its number among all, (size, size, 3) RGB uint8."""
    table = FrameTable([footage])
    store = ResidentFrames(table, size, torch.device("cpu"))
    for number in range(len(table)):
        if number not in store.unreadable:
            picture = store.frames(torch.tensor(number))
            yield number, picture.permute(1, 2, 0).contiguous().numpy()
