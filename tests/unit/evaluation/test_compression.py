"""A clip sent every way, with renderers that are known."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from compressed_clips import small_codecs, stand_in_metrics
from tiny_perception import face_points

from confapp.codec import CodecTables
from confapp.evaluation.compress_film import write_films
from confapp.evaluation.compression import (
    ClipCompression,
    ClipSample,
    OurStreams,
    encodes_of,
    measure_encodes,
    measure_ours,
)
from confapp.evaluation.compression_summary import CompressionSummary
from confapp.evaluation.evaluation_clip import EvaluationClip
from confapp.evaluation.folder_clip import FolderClip
from confapp.evaluation.picture_metrics import PictureMetrics
from confapp.evaluation.pixel_metrics import psnr
from confapp.evaluation.stream_mode import stream_modes
from confapp.evaluation.stream_rate import RateRule
from confapp.media.clip import Clip
from models.talking_head import TalkingHead

SIDE = 64
FRAMES = 12


def sample_of(start: int = 0) -> ClipSample:
    """A bright face that moves to the right; from frame `start` on it is seen."""
    random = np.random.default_rng(0)
    face = random.integers(150, 256, (20, 20, 3)).astype(np.uint8)
    frames = []
    for shift in range(FRAMES):
        frame = np.zeros((SIDE, SIDE, 3), np.uint8)
        frame[22:42, 16 + shift : 36 + shift] = face
        frames.append(frame)
    numbers = np.array([start, start + 2, FRAMES - 1])
    clip = EvaluationClip(
        "one",
        "p1",
        [frames[number] for number in numbers],
        np.stack([face_points(26 + number, 32, 20) for number in numbers]),
        numbers,
    )
    footage = FolderClip(Path("one.mp4"), "one", "p1", Fraction(25), frames)
    return ClipSample(footage, clip)


def streams_of(head: TalkingHead, start: int = 0, modes: int = 3) -> OurStreams:
    all_modes = stream_modes(CodecTables.generic(head.config.keypoints))
    paper = [mode for mode in all_modes if mode.family == "paper"]
    return OurStreams(head, sample_of(start), paper[:modes])


def measured(streams: OurStreams, metrics: PictureMetrics) -> ClipCompression:
    encodes = measure_encodes(streams.sample, encodes_of(streams.sample, small_codecs()), metrics)
    return ClipCompression.of(streams.sample, measure_ours(streams, metrics), encodes)


def test_a_frozen_head_scores_as_the_frozen_source_and_does_not_count(
    frozen_head: TalkingHead, tmp_path: Path
) -> None:
    found = measured(streams_of(frozen_head), stand_in_metrics(tmp_path))
    for name in ("l1", "ssim", "lpips", "akd"):
        assert found.modes[0].scores[name] == pytest.approx(found.frozen[name], rel=1e-3)
    summary = CompressionSummary([found], RateRule())
    assert not summary.counts(found, found.modes[0])


def test_a_head_that_shows_the_driver_counts(mimic_head: TalkingHead, tmp_path: Path) -> None:
    found = measured(streams_of(mimic_head, modes=1), stand_in_metrics(tmp_path))
    best = found.modes[0].scores
    assert (best["lpips"], best["akd"], best["psnr"]) == (0, 0, 100)
    assert CompressionSummary([found], RateRule()).counts(found, found.modes[0])
    assert found.encodes[0].scores["psnr"] > found.encodes[1].scores["psnr"]


def test_all_ways_carry_all_frames_from_the_source_on(head: TalkingHead, tmp_path: Path) -> None:
    streams = streams_of(head, start=3)
    found = measured(streams, stand_in_metrics(tmp_path))
    sent = FRAMES - 3
    assert found.seconds == pytest.approx(sent / 25)
    assert found.sampled == [2, sent - 1]
    assert {len(one.sizes) for one in [*found.modes, *found.encodes]} == {sent}
    assert [(one.crf, one.smaller) for one in found.encodes] == [(30, 1), (50, 1), (40, 2)]
    assert [one.ours for one in [*found.modes, *found.encodes]] == [True] * 3 + [False] * 3


def test_films_show_every_frame(head: TalkingHead, tmp_path: Path) -> None:
    streams = streams_of(head)
    found = measured(streams, stand_in_metrics(tmp_path))
    write_films(tmp_path, streams, found, small_codecs(), RateRule())
    film = Clip(tmp_path / "films" / "one.mp4")
    assert len(list(film.frames())) == FRAMES
    assert film.size[0] == 3 * 256  # camera, ours, x264
    ways = {path.name for path in (tmp_path / "streams").iterdir()}
    assert ways == {"camera", "ours", "frozen", "x264-as-good", "x264-at-our-bits"}
    camera = [frame.rgb for frame in Clip(tmp_path / "streams" / "camera" / "one.mp4").frames()]
    assert len(camera) == FRAMES
    assert psnr(camera[5], streams.sample.frames[5]) > 25
