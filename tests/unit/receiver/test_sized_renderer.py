"""The same person, in pictures of less work."""

import numpy as np
import pytest
from tiny_models import lively, tiny

from confapp.pose_offset import PoseOffset
from models.talking_head import TalkingHead
from receiver.sized_renderer import SizedRenderer

SIZE = 64
HALF = 0.5


def photo() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Smooth, so that half the pixels show the same."""
    across, down = np.meshgrid(np.linspace(0, 255, SIZE), np.linspace(0, 255, SIZE))
    return np.stack([across, down, 255 - across], axis=-1).astype(np.uint8)


@pytest.fixture
def head() -> TalkingHead:
    return lively(tiny("lite-256"))


def test_a_smaller_head_has_the_same_weights(head: TalkingHead) -> None:
    small = head.smaller(HALF)
    assert (small.config.image_size, small.config.volume_size) == (SIZE // 2, 4)
    assert small.fingerprint == head.fingerprint
    assert small.plan is head.plan
    with pytest.raises(ValueError, match="32x32"):
        small.encode_source(photo())


@pytest.mark.parametrize(("name", "share"), [("lite-256", 0.75), ("vox-256", HALF)])
def test_networks_that_do_not_divide_keep_their_size(name: str, share: float) -> None:
    head = lively(tiny(name))
    assert head.smaller(share) is head


@pytest.mark.parametrize("share", [1.0, HALF])
def test_pictures_come_out_at_the_models_size(head: TalkingHead, share: float) -> None:
    renderer = SizedRenderer(head)
    source = renderer.source(photo())
    renderer.prepare(source, share)
    motion = source.appearances[1.0].motion
    picture = renderer.render(source, motion, PoseOffset(), share)
    assert picture.shape == (SIZE, SIZE, 3)
    assert picture.dtype == np.uint8


def test_the_whole_size_is_the_heads_own_picture(head: TalkingHead) -> None:
    renderer = SizedRenderer(head)
    source = renderer.source(photo())
    appearance = head.encode_source(photo())
    expected = head.render(appearance, appearance.motion, PoseOffset(yaw=10))
    made = renderer.render(source, appearance.motion, PoseOffset(yaw=10), 1.0)
    assert np.array_equal(made, expected)


def test_networks_of_a_size_are_made_once(head: TalkingHead) -> None:
    renderer = SizedRenderer(head)
    one, other = renderer.source(photo()), renderer.source(photo()[::-1].copy())
    made: list[float] = []
    smaller = head.smaller
    head.smaller = lambda share: made.append(share) or smaller(share)  # type: ignore[method-assign, func-returns-value]
    for source in (one, other, one):
        renderer.prepare(source, HALF)
    assert made == [HALF]
    motion = one.appearances[HALF].motion
    first, second = (renderer.render(of, motion, PoseOffset(), HALF) for of in (one, other))
    assert not np.array_equal(first, second)
