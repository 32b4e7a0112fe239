"""The best, the median and the worst clip of a run, to look at."""

from collections.abc import Sequence

from PIL import Image

from confapp.evaluation.picture_sheet import SheetRow, picture_sheet
from confapp.evaluation.reconstruction import RENDERING, ClipScores, PairScores
from confapp.evaluation.summary import pair_means

COLUMNS = ("source", "driver", "rendering", "affine")


def reconstruction_sheet(clips: Sequence[ClipScores]) -> Image.Image:
    """Rows: two pairs each of three clips. Columns: source, driver, rendering, affine baseline.

    Clips are ranked by the rendering's face LPIPS, or by its face L1 where LPIPS was left out.
    """
    metric, ranked = _ranked(clips)
    places = {0: "best", len(ranked) - 1: "worst", len(ranked) // 2: "median"}
    rows = [
        SheetRow(
            [_caption(places[i], ranked[i], one.pair, metric)],
            (one.source, one.driver, one.rendering, one.affine),
        )
        for i in sorted(places)
        for one in ranked[i].samples
    ]
    return picture_sheet("the columns 'rendering' and 'affine'", rows)


def _caption(rank: str, clip: ClipScores, pair: PairScores, metric: str) -> str:
    value = f"{metric} {pair.scores[RENDERING][metric]:.3f}"
    return (
        f"{rank}: {clip.name}, frame {pair.frame}, moved {pair.moved:.1f} px, {value}   "
        f"({' | '.join(COLUMNS)})"
    )


def _ranked(clips: Sequence[ClipScores]) -> tuple[str, list[ClipScores]]:
    """The metric, and the clips from best to worst by it."""
    means = {clip.name: pair_means(clip.pairs)[RENDERING] for clip in clips}
    metric = "face_lpips" if "face_lpips" in means[clips[0].name] else "face_l1"
    return metric, sorted(clips, key=lambda clip: (means[clip.name][metric], clip.name))
