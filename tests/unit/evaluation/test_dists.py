"""DISTS against its definition, over a narrow network."""

from pathlib import Path

import numpy as np
import pytest
import torch
from made_videos import blurred, person
from tiny_perception import lpips_file

from confapp.errors import ConfappError
from confapp.evaluation.dists import ENDS, Dists, _pooled
from confapp.evaluation.picture_metrics import PictureMetrics
from confapp.media.video_frame import RgbImage

WIDTH = 4
CHANNELS = 3 + 5 * WIDTH


def weights_file(path: Path, alpha: torch.Tensor, beta: torch.Tensor) -> Path:
    torch.save({"alpha": alpha.view(1, -1, 1, 1), "beta": beta.view(1, -1, 1, 1)}, path)
    return path


@pytest.fixture
def dists(tmp_path: Path) -> Dists:
    ones = torch.ones(CHANNELS)
    network = lpips_file(tmp_path / "vgg.safetensors", WIDTH)
    return Dists(network, weights_file(tmp_path / "weights.pt", ones, ones))


def between(dists: Dists, one: RgbImage, other: RgbImage) -> float:
    return dists.distance(dists.features(one), dists.features(other))


def test_perfect_for_itself_and_worse_the_more_it_is_blurred(dists: Dists) -> None:
    picture = person("ada")[0]
    assert between(dists, picture, picture) == pytest.approx(0, abs=1e-6)
    found = [between(dists, picture, blurred(picture, pixels)) for pixels in (0.5, 1, 2, 4)]
    assert found == sorted(found)
    assert 0 < found[0] < found[-1] < 1


def test_of_the_picture_alone_by_hand(tmp_path: Path) -> None:
    """All weight on the red channel: two pixels each of the two pictures."""
    alpha, beta = torch.zeros(CHANNELS), torch.zeros(CHANNELS)
    alpha[0], beta[0] = 3.0, 1.0  # weighed 3/4 and 1/4
    network = lpips_file(tmp_path / "vgg.safetensors", WIDTH)
    one_channel = Dists(network, weights_file(tmp_path / "weights.pt", alpha, beta))
    one, other = np.zeros((2, 32, 32, 3), np.uint8)
    one[:16, :, 0], other[:, :, 0] = 255, 51
    # means 0.5 and 0.2, variances 0.25 and 0, covariance 0
    texture = (2 * 0.5 * 0.2 + 1e-6) / (0.25 + 0.04 + 1e-6)
    structure = 1e-6 / (0.25 + 1e-6)
    expected = 1 - 0.75 * texture - 0.25 * structure
    assert between(one_channel, one, other) == pytest.approx(expected, abs=1e-5)


def test_pooling_is_the_root_mean_square() -> None:
    flat = torch.full((1, 2, 8, 8), 3.0)
    assert _pooled(flat)[0, 0, 1:, 1:] == pytest.approx(3.0)
    assert _pooled(flat).shape == (1, 2, 4, 4)
    spike = torch.zeros(1, 1, 8, 8)
    spike[0, 0, 2, 2] = 4.0
    assert float(_pooled(spike)[0, 0, 1, 1]) == pytest.approx(2.0)  # the middle weighs 1/4


def test_layers_are_those_before_the_pools() -> None:
    assert ENDS == [1, 3, 6, 9, 12]


def test_metrics_know_it(tmp_path: Path, dists: Dists) -> None:
    metrics = PictureMetrics(dists=dists)
    assert metrics.networks["dists"].file == "weights.pt"


@pytest.mark.parametrize("content", [b"", b"no weights"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    network = lpips_file(tmp_path / "vgg.safetensors", WIDTH)
    (tmp_path / "weights.pt").write_bytes(content)
    with pytest.raises(ConfappError) as caught:
        Dists(network, tmp_path / "weights.pt")
    assert caught.value.error_id == "dists-unusable"


def test_weights_for_another_network_are_refused(tmp_path: Path) -> None:
    network = lpips_file(tmp_path / "vgg.safetensors", WIDTH)
    weights = weights_file(tmp_path / "weights.pt", torch.ones(9), torch.ones(9))
    with pytest.raises(ConfappError) as caught:
        Dists(network, weights)
    assert caught.value.error_id == "dists-unusable"
