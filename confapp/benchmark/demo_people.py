"""Photo and frames of the demo's synthetic person, read by OpenCV alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from confapp.demo import PEOPLE
from models.talking_head import Picture

PERSON = "ada"


def demo_pictures(size: int, count: int, people: Path = PEOPLE) -> tuple[Picture, list[Picture]]:
    """The photo and frames from all over the clip, (size, size, 3) RGB each.

    Raises:
        OSError: OpenCV cannot read them.
    """
    photo = cv2.imread(str(people / f"{PERSON}.png"), cv2.IMREAD_COLOR)
    clip = cv2.VideoCapture(str(people / f"{PERSON}.mp4"))
    frames = []
    while (frame := clip.read())[0]:
        frames.append(frame[1])
    clip.release()
    if photo is None or len(frames) < count:
        raise OSError(f"OpenCV reads no picture or too few frames ({len(frames)}) of {people}")
    chosen = [frames[number * len(frames) // count] for number in range(count)]
    ready = _at(size, [photo, *chosen])
    return ready[0], ready[1:]


def _at(size: int, pictures: Sequence[NDArray[Any]]) -> list[Picture]:
    small = (cv2.resize(one, (size, size), interpolation=cv2.INTER_AREA) for one in pictures)
    return [np.ascontiguousarray(one[..., ::-1]).astype(np.uint8) for one in small]
