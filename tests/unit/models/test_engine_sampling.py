"""Tables give what grid_sample gives."""

import pytest
import torch
import torch.nn.functional as F

from models.engine_sampling import SampleTable

BEYOND = 1.4  # places lie up to there


@pytest.mark.parametrize(("border", "mode"), [(True, "border"), (False, "zeros")])
@pytest.mark.parametrize("shape", [(6, 9), (4, 6, 9)])
def test_samples(shape: tuple[int, ...], mode: str, *, border: bool) -> None:
    """All sides differ, and many places lie outside."""
    values = torch.randn(1, 5, *shape)
    dims = len(shape)
    places = (torch.rand(1, *(1,) * (dims - 1), 500, dims) * 2 - 1) * BEYOND
    expected = F.grid_sample(values, places, padding_mode=mode, align_corners=False)
    sampled = SampleTable(values, border=border).at(places.view(-1, dims).t())
    torch.testing.assert_close(sampled, expected.flatten(2)[0].t(), atol=1e-5, rtol=1e-5)


def test_a_table_gives_back_its_own_places() -> None:
    values = torch.randn(1, 3, 4, 4)
    line = (torch.arange(4) * 2 + 1) / 4 - 1
    y, x = torch.meshgrid(line, line, indexing="ij")
    sampled = SampleTable(values, border=True).at(torch.stack([x, y]).flatten(1))
    torch.testing.assert_close(sampled, values[0].flatten(1).t())
