"""The sample sheet."""

import torch

from models.config import ModelConfig
from models.networks import Networks
from models.training.sample_sheet import CAPTION, CELL, sample_sheet
from models.training.training_run import Pairs


def test_a_sheet_has_a_row_a_pair_and_a_column_a_view(
    tiny_config: ModelConfig, tiny_paper_config: ModelConfig, pairs: Pairs
) -> None:
    for config, columns in ((tiny_config, 10), (tiny_paper_config, 7)):
        sheet = sample_sheet(Networks(config).eval(), pairs.batch(0))
        assert sheet.size == (columns * CELL, CAPTION + 2 * CELL)


def test_source_and_driver_are_shown_as_they_are(tiny_config: ModelConfig, pairs: Pairs) -> None:
    batch = pairs.batch(0)
    sheet = sample_sheet(Networks(tiny_config).eval(), batch)
    for column, pictures in enumerate((batch.source, batch.driving)):
        for row in range(2):
            box = (
                column * CELL,
                CAPTION + row * CELL,
                (column + 1) * CELL,
                CAPTION + (row + 1) * CELL,
            )
            means = torch.tensor([float(v) for v in _mean_colour(sheet.crop(box).tobytes())])
            assert torch.allclose(means / 255, pictures[row].mean((1, 2)), atol=0.01)


def _mean_colour(pixels: bytes) -> list[float]:
    return [sum(pixels[channel::3]) / (len(pixels) / 3) for channel in range(3)]
