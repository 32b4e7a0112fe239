"""LPIPS on a narrow random VGG16 against its formula, written out once more."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from tiny_perception import lpips_file

from confapp.errors import ConfappError
from confapp.evaluation.lpips import Lpips
from confapp.media.video_frame import RgbImage

CONVOLUTIONS = ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28))


def pictures() -> tuple[RgbImage, RgbImage]:
    random = np.random.default_rng(0)
    one, other = random.integers(0, 256, (2, 48, 64, 3)).astype(np.uint8)
    return one, other


def by_formula(path: Path, one: RgbImage, other: RgbImage) -> float:
    """Sum over layers of the mean over places of w . (x - y)^2, x and y of length 1."""
    tensors = load_file(path)
    both = torch.from_numpy(np.stack([one, other])).permute(0, 3, 1, 2).float() / 127.5 - 1
    shift = torch.tensor([-0.030, -0.088, -0.188]).view(1, 3, 1, 1)
    scale = torch.tensor([0.458, 0.448, 0.450]).view(1, 3, 1, 1)
    x, total = (both - shift) / scale, 0.0
    for block, places in enumerate(CONVOLUTIONS):
        x = F.max_pool2d(x, 2) if block else x
        for place in places:
            weight, bias = (tensors[f"features.{place}.{name}"] for name in ("weight", "bias"))
            x = F.relu(F.conv2d(x, weight, bias, padding=1))
        unit = x / x.norm(dim=1, keepdim=True).clamp(min=1e-10)
        head = tensors[f"lin{block}.weight"].view(-1, 1, 1)
        total += float(((unit[0] - unit[1]) ** 2 * head).sum(0).mean())
    return total


def test_formula(tmp_path: Path) -> None:
    path = lpips_file(tmp_path / "lpips.safetensors")
    one, other = pictures()
    metric = Lpips(path)
    value = metric.distance(metric.features(one), metric.features(other))
    assert value > 0
    assert value == pytest.approx(by_formula(path, one, other), rel=1e-4)


def test_identical_is_zero_and_noise_counts(tmp_path: Path) -> None:
    metric = Lpips(lpips_file(tmp_path / "lpips.safetensors"))
    picture, _ = pictures()
    noise = np.random.default_rng(1).normal(size=picture.shape)
    true = metric.features(picture)
    values = [
        metric.distance(
            true, metric.features(np.clip(picture + noise * level, 0, 255).astype(np.uint8))
        )
        for level in (0, 5, 20, 80)
    ]
    assert values[0] == 0
    assert values == sorted(values)
    assert values[1] > 0


def test_file_without_heads(tmp_path: Path) -> None:
    path = lpips_file(tmp_path / "lpips.safetensors")
    save_file({n: t for n, t in load_file(path).items() if n != "lin3.weight"}, path)
    with pytest.raises(ConfappError) as caught:
        Lpips(path)
    assert caught.value.error_id == "lpips-unusable"


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfappError) as caught:
        Lpips(tmp_path / "none.safetensors")
    assert caught.value.error_id == "network-not-found"
