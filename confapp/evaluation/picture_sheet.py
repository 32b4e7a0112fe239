"""The best, the median and the worst clip of a run, to look at."""

from collections.abc import Sequence

from PIL import Image, ImageDraw

from confapp.evaluation.reconstruction import RENDERING, ClipScores, Sample
from confapp.evaluation.summary import pair_means

CELL = 256  # pixels
CAPTION = 16  # pixels
COLUMNS = ("source", "driver", "rendering", "affine")


def picture_sheet(clips: Sequence[ClipScores]) -> Image.Image:
    """Rows: two pairs each of three clips. Columns: source, driver, rendering, affine baseline.

    Clips are ranked by the rendering's face LPIPS, or by its face L1 where LPIPS was left out.
    """
    metric, ranked = _ranked(clips)
    places = {0: "best", len(ranked) - 1: "worst", len(ranked) // 2: "median"}
    rows = [(places[i], ranked[i], one) for i in sorted(places) for one in ranked[i].samples]
    sheet = Image.new("RGB", (CELL * len(COLUMNS), (CELL + CAPTION) * len(rows)))
    pen = ImageDraw.Draw(sheet)
    for row, (rank, clip, sample) in enumerate(rows):
        top = row * (CELL + CAPTION)
        pair = sample.pair
        caption = (
            f"{rank}: {clip.name}, frame {pair.frame}, moved {pair.moved:.1f} px, "
            f"{metric} {pair.scores[RENDERING][metric]:.3f}   ({' | '.join(COLUMNS)})"
        )
        pen.text((2, top + 2), caption, fill="white")
        for column, picture in enumerate(_pictures(sample)):
            sheet.paste(picture.resize((CELL, CELL)), (column * CELL, top + CAPTION))
    return sheet


def _ranked(clips: Sequence[ClipScores]) -> tuple[str, list[ClipScores]]:
    """The metric, and the clips from best to worst by it."""
    means = {clip.name: pair_means(clip.pairs)[RENDERING] for clip in clips}
    metric = "face_lpips" if "face_lpips" in means[clips[0].name] else "face_l1"
    return metric, sorted(clips, key=lambda clip: (means[clip.name][metric], clip.name))


def _pictures(sample: Sample) -> list[Image.Image]:
    columns = (sample.source, sample.driver, sample.rendering, sample.affine)
    return [Image.fromarray(picture) for picture in columns]
