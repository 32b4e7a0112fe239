"""Every frame of all footage under one running number, with its labels."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from models.training.data.footage import Footage


class FrameTable:
    """Numbers the N frames of all footage 0 to N - 1, entry after entry.

    Attributes:
        footage: the entries.
        starts: (entries + 1,) number of each entry's first frame; the last is N.
        angles: (N, 3) yaw, pitch, roll in degrees; NaN where there is no label.
        landmarks: (N, 68, 2) in [-1, 1]; NaN where there is none.
    """

    def __init__(self, footage: Sequence[Footage]) -> None:
        self.footage = tuple(footage)
        self.starts = np.cumsum([0, *(len(entry) for entry in self.footage)])
        self.angles: Tensor = torch.from_numpy(np.concatenate([e.angles for e in self.footage]))
        self.landmarks: Tensor = torch.from_numpy(
            np.concatenate([e.landmarks for e in self.footage])
        )

    def __len__(self) -> int:
        return int(self.starts[-1])

    def frames_of(self, entry: int) -> range:
        """The numbers of an entry's frames."""
        return range(int(self.starts[entry]), int(self.starts[entry + 1]))

    def locate(self, frame: int) -> tuple[int, int]:
        """A frame's entry, and its place in that entry."""
        entry = int(np.searchsorted(self.starts, frame, side="right")) - 1
        return entry, frame - int(self.starts[entry])
