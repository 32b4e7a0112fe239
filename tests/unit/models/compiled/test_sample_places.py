"""Sampling against torch's own."""

import pytest
import torch
import torch.nn.functional as F

from models.compiled.graph import CompiledGraph, Parameters
from models.compiled.sample_places import columns_of, sampled
from models.engine_sampling import padded_rows


@pytest.mark.parametrize("border", [True, False])
@pytest.mark.parametrize("size", [(5, 7), (3, 5, 7)], ids=["plane", "volume"])
def test_it_is_what_grid_sample_does(size: tuple[int, ...], border: bool) -> None:
    torch.manual_seed(0)
    values, dims = torch.rand(1, 4, *size), len(size)
    places = torch.rand(200, dims) * 3 - 1.5  # also far outside
    places[:2] = torch.tensor([[-1.0], [1.0]])  # and on the edges
    parameters = Parameters()
    table = parameters.add(*padded_rows(values, border=border).shape)
    columns = columns_of(parameters.add(200, dims), dims)
    graph = CompiledGraph([sampled(table, columns, size[::-1], border=border)], parameters)
    (found,) = graph(padded_rows(values, border=border).numpy(), places.numpy())
    expected = F.grid_sample(
        values,
        places.view(1, *(1,) * (dims - 1), 200, dims),
        padding_mode="border" if border else "zeros",
        align_corners=False,
    )
    assert torch.allclose(torch.from_numpy(found), expected.view(4, 200).t(), atol=1e-5)
