"""The weights that come with the package, on the demo's synthetic people.

Thresholds lie well below what the weights reach, so that better ones pass too.
"""

import cv2
import numpy as np
import pytest
import torch

from confapp.codec import CodecTables
from confapp.codec.codec_tables import FOLDER
from confapp.demo import PEOPLE
from confapp.media.clip import Clip
from confapp.media.photo import load_photo
from confapp.media.video_frame import RgbImage
from confapp.pose_offset import PoseOffset
from models.checkpoints.checkpoint import Checkpoint, shipped_weights
from models.config import DEFAULT_CONFIG
from models.talking_head import TalkingHead

MOST_BYTES = 30_000_000
DRIVERS = slice(10, None, 40)
FACE = slice(64, 240), slice(48, 208)  # rows and columns of both people's faces, pixels at 256
TURN = 15.0  # degrees


@pytest.fixture(scope="module")
def head() -> TalkingHead:
    return TalkingHead.open(DEFAULT_CONFIG)


def at_256(picture: RgbImage) -> RgbImage:
    return cv2.resize(picture, (256, 256), interpolation=cv2.INTER_AREA).astype(np.uint8)


def difference(one: RgbImage, other: RgbImage) -> float:
    return float(np.abs(one[FACE].astype(float) - other[FACE]).mean())


def test_weights_tables_and_card_belong_together(head: TalkingHead) -> None:
    path = shipped_weights(DEFAULT_CONFIG)
    assert path.stat().st_size <= MOST_BYTES
    checkpoint = Checkpoint.load(path)
    wide = [t for t in checkpoint.tensors.values() if t.dtype == torch.float32]
    assert all(t.abs().max() > torch.finfo(torch.float16).max for t in wide)  # else fp16
    assert head.fingerprint in (path.parent / "MODEL_CARD.md").read_text()
    assert [table.stem for table in FOLDER.glob("*.json")] == [head.fingerprint]
    tables = CodecTables.shipped(head.fingerprint, head.config.keypoints)
    assert tables.frequency.epoch > 0
    assert tables.prediction.weights.any()


@pytest.mark.parametrize("person", ["ada", "ben"])
def test_the_rendering_follows_the_driver(head: TalkingHead, person: str) -> None:
    """Nearer to every frame than the photo is, and by far on average."""
    photo = at_256(load_photo(PEOPLE / f"{person}.png"))
    appearance = head.encode_source(photo)
    frames = [at_256(frame.rgb) for frame in Clip(PEOPLE / f"{person}.mp4").frames()][DRIVERS]
    renderings = [head.render(appearance, head.encode_motion(frame)) for frame in frames]
    rendered = [difference(one, frame) for one, frame in zip(renderings, frames, strict=True)]
    frozen = [difference(photo, frame) for frame in frames]
    assert np.mean(rendered) < 0.65 * np.mean(frozen)
    assert (np.array(rendered) < frozen).all()


@pytest.mark.parametrize("person", ["ada", "ben"])
def test_the_viewer_turns_the_head(head: TalkingHead, person: str) -> None:
    """As far as the model's own pose estimate can tell."""
    photo = at_256(load_photo(PEOPLE / f"{person}.png"))
    appearance = head.encode_source(photo)
    seen = [
        float(
            head.encode_motion(
                head.render(appearance, appearance.motion, PoseOffset(yaw, 0, 0))
            ).rotation[0]
        )
        for yaw in (-TURN, 0, TURN)
    ]
    left, middle, right = seen
    assert middle - left > TURN / 2
    assert right - middle > TURN / 2
