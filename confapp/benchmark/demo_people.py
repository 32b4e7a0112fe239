"""Photo and frames of the demo's synthetic person at a model's size."""

from fractions import Fraction

import cv2
import numpy as np

from confapp.demo import PEOPLE
from confapp.media.clip import Clip
from confapp.media.photo import load_photo
from models.talking_head import Picture

PERSON = "ada"


def demo_pictures(size: int, count: int) -> tuple[Picture, list[Picture]]:
    """The photo and frames from all over the clip, (size, size, 3) each."""
    clip = [frame.rgb for frame in Clip(PEOPLE / f"{PERSON}.mp4").frames()]
    places = [int(Fraction(number * len(clip), count)) for number in range(count)]
    photo = load_photo(PEOPLE / f"{PERSON}.png")
    return _resized(photo, size), [_resized(clip[place], size) for place in places]


def _resized(picture: Picture, size: int) -> Picture:
    return cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA).astype(np.uint8)
