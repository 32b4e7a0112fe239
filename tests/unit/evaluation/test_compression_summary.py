"""Figures worked by hand, and clips that must not count."""

import pytest
from compressed_clips import compressed, encode, mode

from confapp.evaluation.compression_summary import CompressionSummary
from confapp.evaluation.rate_distortion import Bound
from confapp.evaluation.stream_rate import Counting, FirstPicture, Layer, RateRule

# Two encodes of 50 frames: an intra picture, then 100 or 20 bytes a frame.
DEAR = encode(0.1, 1.0, [2000] + [100] * 49)
CHEAP = encode(0.3, 4.0, [500] + [20] * 49)
GOOD = mode(0.2, 2.0)


def summary(*clips: tuple[str, float, float], rule: RateRule = RateRule()) -> CompressionSummary:  # noqa: B008 - a frozen value
    return CompressionSummary(
        [compressed(name, [mode(lpips, akd)], [DEAR, CHEAP]) for name, lpips, akd in clips], rule
    )


@pytest.mark.parametrize(
    ("layer", "first", "ours", "theirs"),
    [
        (Layer.PAYLOAD, FirstPicture.NEITHER, 50 * 10, 49 * 100),
        (Layer.PAYLOAD, FirstPicture.BOTH, 1000 + 50 * 10, 2000 + 49 * 100),
        (Layer.PAYLOAD, FirstPicture.THEIRS, 50 * 10, 2000 + 49 * 100),
        (Layer.WIRE, FirstPicture.NEITHER, 50 * (16 + 93), 49 * 140),
        (Layer.WIRE, FirstPicture.BOTH, 1000 + 93 + 50 * (16 + 93), 2080 + 49 * 140),
    ],
)
def test_rates_by_hand(layer: Layer, first: FirstPicture, ours: int, theirs: int) -> None:
    clip = compressed("one", [GOOD], [DEAR])
    counting = Counting(layer, first)
    assert RateRule().kbps(clip, GOOD, counting) == pytest.approx(ours * 8 / 1000 / 2)
    assert RateRule().kbps(clip, DEAR, counting) == pytest.approx(theirs * 8 / 1000 / 2)


def test_captured_overhead() -> None:
    clip = compressed("one", [GOOD], [DEAR])
    counting = Counting(Layer.WIRE, FirstPicture.NEITHER)
    wire = 50 * (16 + 50)
    assert RateRule(overhead=50).kbps(clip, GOOD, counting) == pytest.approx(wire * 8 / 1000 / 2)


def test_fewer_bits_by_hand() -> None:
    """LPIPS of 0.2 is in the middle of 0.1 and 0.3: the geometric mean of their rates."""
    one = summary(("one", 0.2, 2.0))
    counting = Counting(Layer.PAYLOAD, FirstPicture.BOTH)
    ratio, bound = one.fewer_bits(one.clips[0], GOOD, "x264", counting=counting)
    assert ratio == pytest.approx((6900 * 1480) ** 0.5 / 1500)
    assert bound is Bound.EXACT


def test_a_frozen_frame_does_not_count_however_good_it_looks() -> None:
    facts = summary(("frozen", 0.05, 10.0)).facts()["modes"][0]
    assert facts["akd_share"] == 1
    assert facts["counted"] == []
    assert facts["fewer_bits"]["x264"]["lpips"]["wire"]["both"]["median"] is None


@pytest.mark.parametrize(
    ("lpips", "akd", "counts"),
    [(0.25, 3.0, True), (0.2501, 3.0, False), (0.25, 3.01, False), (0.0, 0.0, True)],
)
def test_which_clips_count(lpips: float, akd: float, counts: bool) -> None:
    one = summary(("one", lpips, akd))
    assert one.counts(one.clips[0], one.clips[0].modes[0]) is counts


def test_a_clip_in_which_nobody_moves_never_counts() -> None:
    still = compressed("still", [mode(0.1, 0.0)], [DEAR, CHEAP], frozen_akd=0.0)
    one = CompressionSummary([still], RateRule())
    assert not one.counts(still, still.modes[0])
    assert one.facts()["modes"][0]["akd_share"] == 1


def test_median_over_the_clips_that_count_alone() -> None:
    facts = summary(("a", 0.15, 1.0), ("b", 0.25, 1.0), ("c", 0.2, 1.0), ("no", 0.1, 9.0)).facts()
    (found,) = facts["modes"]
    assert found["counted"] == ["a", "b", "c"]
    assert found["clips"] == 4
    middle = summary(("c", 0.2, 1.0)).facts()["modes"][0]["fewer_bits"]["x264"]["lpips"]
    assert found["fewer_bits"]["x264"]["lpips"] == middle


def test_where_the_cheapest_encode_is_better_than_ours_nothing_is_gained() -> None:
    clip = compressed("one", [mode(0.24, 1.0)], [encode(0.1, 1.0, [100] * 50)])
    figure = CompressionSummary([clip], RateRule()).facts()["modes"][0]["fewer_bits"]["x264"]
    assert figure["lpips"]["wire"]["both"] == {"median": 0.0, "at_most": 1, "at_least": 0}


def test_where_the_dearest_encode_is_worse_its_rate_is_taken() -> None:
    clip = compressed("one", [mode(0.05, 1.0)], [DEAR, CHEAP])
    figure = CompressionSummary([clip], RateRule()).facts()["modes"][0]["fewer_bits"]["x264"]
    found = figure["lpips"]["payload"]["both"]
    assert found["at_least"] == 1
    assert found["median"] == pytest.approx(6900 / 1500, abs=1e-5)


def test_bd_rate_of_our_family_over_clips_that_count() -> None:
    """Ours are points of half x264's payload, without first pictures of any size."""
    modes = [mode(0.1, 1.0, payload=100), mode(0.2, 1.0, payload=25)]
    encodes = [encode(0.1, 1.0, [200] * 50), encode(0.2, 1.0, [50] * 50)]
    clip = compressed("one", modes, encodes)
    rows = CompressionSummary([clip], RateRule()).facts()["bd_rate"]
    (row,) = rows
    assert (row["anchor"], row["test"], row["clips"]) == ("x264", "paper", 1)
    rate = [(1000 + 5000) / 10_000, (1000 + 1250) / 2500]
    assert row["payload"]["median"] == pytest.approx(100 * ((rate[0] * rate[1]) ** 0.5 - 1))
