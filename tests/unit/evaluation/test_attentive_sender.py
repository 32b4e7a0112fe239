"""What a clip's sender would send that looks at what the other side sees."""

from fractions import Fraction

import numpy as np
import pytest
from compressed_clips import compressed, encode, mode
from counting_learner import CountingLearner, frames_told
from tiny_models import lively_networks, tiny

from confapp.evaluation import attentive_sender
from confapp.evaluation.attentive_sender import attentive_clip
from confapp.evaluation.stream_rate import Counting, FirstPicture, Layer, RateRule
from confapp.evaluation.wire_rate import data_channel_wire_bytes
from confapp.media.video_frame import RgbImage
from confapp.motion_frame import MotionFrame
from models.checkpoints.checkpoint import Checkpoint
from models.talking_head import TalkingHead
from sender.source_refresher import LEARN_EVERY_MS, LEAST_INTERVAL_S, PIECE_EVERY_S
from sender.source_watch import CHECK_EVERY_MS, SourceCheck, SourceWatch

FPS = Fraction(10)
BLACK, WHITE = np.zeros((64, 64, 3), np.uint8), np.full((64, 64, 3), 255, np.uint8)


@pytest.fixture(scope="module")
def small() -> TalkingHead:
    return TalkingHead(Checkpoint.of(lively_networks(tiny("lite-256")), "tiny"), trained=True)


def motions(seconds: float) -> list[MotionFrame]:
    rest = np.zeros((5, 3))
    count = round(seconds * FPS)
    return [MotionFrame.of([0, 0, 0], [0, 0, 0], rest, 100 * index) for index in range(count)]


def test_a_source_is_seen_once_it_has_arrived(
    small: TalkingHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[int] = []

    def check(_watch: SourceWatch, check: SourceCheck) -> RgbImage:
        checked.append(check.frame.motion.timestamp_ms)
        return WHITE

    monkeypatch.setattr(SourceWatch, "check", check)
    seen = motions(LEAST_INTERVAL_S + 10)
    sources = attentive_clip(small, BLACK, [BLACK] * len(seen), seen, FPS).sources
    first = sources[0]
    assert checked[0] == CHECK_EVERY_MS
    assert first.rgb.min() > 250
    assert first.start == CHECK_EVERY_MS // 100 + round(len(first.messages) * PIECE_EVERY_S * FPS)
    assert 100 * first.start + 1000 * LEAST_INTERVAL_S <= checked[1]
    # One that would arrive after the end is not sent.
    few = motions(2.3)
    assert attentive_clip(small, BLACK, [BLACK] * len(few), few, FPS).sources == []


def test_each_source_has_corrections_of_its_own(
    small: TalkingHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    CountingLearner.made.clear()
    answers = iter([None, WHITE])
    monkeypatch.setattr(SourceWatch, "check", lambda *_: next(answers, None))
    monkeypatch.setattr(attentive_sender, "FlowCalibration", CountingLearner)
    seen = motions(12)
    clip = attentive_clip(small, BLACK, [BLACK] * len(seen), seen, FPS)
    (other,) = clip.sources
    told = [(frames_told(sent.correction), sent.start) for sent in clip.corrections]
    every = LEARN_EVERY_MS // 100
    before = [one for one in told if one[1] <= other.start]
    after = [one for one in told if one[1] > other.start]
    # Seen from the frame after the last that it was learned from; on its way, a source is not
    # looked at.
    assert before == [(4, 4 * every + 1), (8, 8 * every + 1)]
    assert after[0] == (4, other.start + 3 * every + 1)
    assert all(sent.message > 30 for sent in clip.corrections)
    assert len(CountingLearner.made) == 2


def test_what_a_better_source_takes_is_counted() -> None:
    plain = mode(0.1, 1.0)
    costly = mode(0.1, 1.0)
    costly.refreshes.extend([100, 1000])
    clip = compressed("one", [plain, costly], [encode(0.1, 1.0, [100] * 50)])
    for layer, more in (
        (Layer.PAYLOAD, 1100),
        (Layer.WIRE, data_channel_wire_bytes(100) + data_channel_wire_bytes(1000)),
    ):
        rates = [
            RateRule().kbps(clip, one, Counting(layer, FirstPicture.NEITHER))
            for one in (plain, costly)
        ]
        assert rates[1] - rates[0] == pytest.approx(more * 8 / 1000 / clip.seconds)
