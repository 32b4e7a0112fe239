"""When a source no longer explains what the camera sees."""

import dataclasses
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from confapp.demo import PEOPLE
from confapp.media.framing import FaceFraming
from confapp.media.photo import load_photo
from confapp.media.video_frame import RgbImage
from confapp.motion_frame import MotionFrame
from models.talking_head import TalkingHead
from sender.source_watch import (
    CANDIDATE_MS,
    CHECK_EVERY_MS,
    SeenFrame,
    SourceWatch,
    detail,
    mismatch,
)

STEP_MS = 500


def view(name: str, size: int) -> RgbImage:
    return FaceFraming(size).frame_photo(load_photo(PEOPLE / f"{name}.png"))


def dimmed(picture: RgbImage) -> RgbImage:
    dim: RgbImage = (picture * np.array([0.5, 0.45, 0.4])).astype(np.uint8)
    return dim


def with_glasses(picture: RgbImage) -> RgbImage:
    marked = picture.copy()
    side = len(picture)
    for x in (0.41, 0.6):
        centre = (round(x * side), round(0.48 * side))
        cv2.circle(marked, centre, round(0.08 * side), (20, 20, 25), max(2, side // 64))
    return marked


@pytest.fixture(scope="module")
def shipped() -> TalkingHead:
    return TalkingHead.open("lite-256")


def watch_stream(head: TalkingHead, source: RgbImage, views: list[RgbImage]) -> list[int]:
    """Follow views 500 ms apart; the times at which a better source was named."""
    watch = SourceWatch(head, source)
    known = {
        id(seen): head.encode_motion(seen) for seen in {id(one): one for one in views}.values()
    }
    named = []
    for number, seen in enumerate(views):
        motion = dataclasses.replace(known[id(seen)], timestamp_ms=STEP_MS * number)
        check = watch.see(SeenFrame(seen, motion))
        better = watch.check(check) if check is not None else None
        if better is not None:
            watch.replace(better)
            named.append(motion.timestamp_ms)
    return named


@pytest.mark.parametrize("change", [dimmed, with_glasses])
def test_a_change_is_seen_and_cured_once(
    shipped: TalkingHead, change: Callable[[RgbImage], RgbImage]
) -> None:
    ada = view("ada", 256)
    changed = change(ada)
    named = watch_stream(shipped, ada, [ada] * 12 + [changed] * 24)
    assert len(named) == 1
    assert 12 * STEP_MS < named[0] <= 12 * STEP_MS + 4 * CHECK_EVERY_MS


def test_another_person_is_seen(shipped: TalkingHead) -> None:
    ada, ben = view("ada", 256), view("ben", 256)
    assert len(watch_stream(shipped, ada, [ada] * 8 + [ben] * 30)) == 1


def test_nothing_is_sent_while_nothing_changes(shipped: TalkingHead) -> None:
    ada = view("ada", 256)
    turned = [np.ascontiguousarray(np.roll(ada, shift, 1)) for shift in (0, 6, 12, 6, 0, -6)]
    assert watch_stream(shipped, ada, turned * 8) == []


def test_a_turned_or_speaking_face_is_no_source(head: TalkingHead) -> None:
    source = np.zeros((64, 64, 3), np.uint8)

    def candidates(rotation: list[float]) -> list[int]:
        watch = SourceWatch(head, source)
        checks = []
        for timestamp_ms in range(0, 2 * CHECK_EVERY_MS, 100):
            motion = MotionFrame.of(rotation, [0, 0, 0], np.zeros((5, 3)), timestamp_ms)
            if (check := watch.see(SeenFrame(source, motion))) is not None:
                checks.append(check)
        assert checks
        return [check.candidate.motion.timestamp_ms for check in checks if check.candidate]

    assert candidates([2, 0, 0]) == [CHECK_EVERY_MS - CANDIDATE_MS + 100]  # the first of equals
    assert candidates([20, 0, 0]) == []
    assert candidates([0, 18, 0]) == []
    assert candidates([0, 0, -14]) == []


def test_mismatch_and_detail() -> None:
    ada = view("ada", 128)
    assert mismatch(ada, ada) == 0
    assert mismatch(with_glasses(ada), ada) > 0.03
    assert mismatch(dimmed(ada), ada) > mismatch((ada * 0.95).astype(np.uint8), ada)
    assert detail(cv2.GaussianBlur(ada, (0, 0), 2).astype(np.uint8)) < 0.7 * detail(ada)
