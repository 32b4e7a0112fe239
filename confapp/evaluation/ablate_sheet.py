"""Variants of a model side by side, on the same pairs."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from confapp.evaluation.evaluation_clip import EvaluationClip
from confapp.evaluation.picture_sheet import SheetRow, picture_sheet
from confapp.media.video_frame import RgbImage
from models.engine_plan import reproducible_plan
from models.talking_head import TalkingHead


def ablation_sheet(models: Sequence[str], clips: Sequence[EvaluationClip]) -> Image.Image:
    """A row a person: source, driver, and what each variant makes of them.

    Args:
        models: weights files, all of one picture size.
        clips: one at least; the driver is the frame that moved furthest from the first.
    """
    pairs = [(clip.frames[0], clip.frames[_furthest(clip)]) for clip in clips]
    columns: list[list[RgbImage]] = [
        [source for source, _ in pairs],
        [driver for _, driver in pairs],
    ]
    names = ["source", "driver"]
    for model in models:
        head = TalkingHead.open(model, plan=reproducible_plan())
        names.append(head.config.name)
        columns.append(
            [
                head.render(head.encode_source(source), head.encode_motion(driver))
                for source, driver in pairs
            ]
        )
    rows = [
        SheetRow(names if index == 0 else [clip.name], [column[index] for column in columns])
        for index, clip in enumerate(clips)
    ]
    return picture_sheet(f"all columns after {names[1]!r}", rows)


def _furthest(clip: EvaluationClip) -> int:
    ways = np.linalg.norm(clip.landmarks - clip.landmarks[0], axis=2).mean(1)
    return int(ways.argmax())
