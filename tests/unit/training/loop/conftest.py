"""Networks, settings and pairs so small that a step takes a moment."""

import dataclasses
import signal
from collections.abc import Iterator

import pytest
import torch

from models.config import (
    CONFIGS,
    AppearanceConfig,
    CanonicalConfig,
    GeneratorConfig,
    ModelConfig,
    MotionEncoderConfig,
    MotionFieldConfig,
)
from models.training import precision
from models.training.pair_batch import PairBatch
from models.training.settings import RECIPES, TrainingSettings

SIZE = 64
BATCH = 2


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Networks this small are slower on several threads, by far where the machine is busy."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def heeded_ctrl_c() -> Iterator[None]:
    """SIGINT as at a terminal, even where the tests run in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def full_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same numbers on every processor; tests of bfloat16 ask for it."""
    monkeypatch.setattr(precision, "has_fast_bfloat16", lambda _device: False)


class DrawnPairs:
    """Smooth random pictures, different in every step, the same for the same step."""

    def __init__(self, batch: int) -> None:
        self._batch = batch

    def batch(self, step: int) -> PairBatch:
        """The batch of a step."""
        random = torch.Generator().manual_seed(step)

        def drawn(*shape: int) -> torch.Tensor:
            return torch.rand(self._batch, *shape, generator=random)

        def picture() -> torch.Tensor:
            return torch.nn.functional.interpolate(drawn(3, 8, 8), size=SIZE, mode="bilinear")

        return PairBatch(
            picture(),
            picture(),
            drawn(3) * 20 - 10,
            drawn(3) * 20 - 10,
            drawn(68, 2) - 0.5,
            drawn(68, 2) - 0.5,
        )


@pytest.fixture(scope="session")
def tiny_config() -> ModelConfig:
    """lite-256's architecture with a few channels."""
    return dataclasses.replace(
        CONFIGS["lite-256"],
        name="tiny",
        volume_channels=4,
        volume_depth=4,
        appearance=AppearanceConfig((4, 6, 8, 8), 3, 1, 0, (6, 4)),
        canonical=CanonicalConfig(64, (4, 6, 8), (6, 4), 3, planar=True),
        motion_encoder=MotionEncoderConfig(
            4,
            ((8, 1), (12, 1)),
            2,
            True,
            input_size=32,
            landmarks=68,
            landmark_width=4,
            looks_twice=True,
        ),
        motion_field=MotionFieldConfig(
            (6, 8), (6,), 2, 0.01, 3, planar=True, surface_widths=(4, 4)
        ),
        generator=GeneratorConfig((8, 6, 4), 1, blending=True),
    )


@pytest.fixture(scope="session")
def tiny_paper_config(tiny_config: ModelConfig) -> ModelConfig:
    """The paper's architecture with a few channels."""
    return dataclasses.replace(
        CONFIGS["paper-256"],
        name="tiny-paper",
        keypoints=5,
        volume_channels=4,
        volume_depth=4,
        appearance=AppearanceConfig((4, 6, 8), 3, 0, 1),
        canonical=CanonicalConfig(32, (4, 6, 8), (6, 4), 3),
        motion_encoder=MotionEncoderConfig(4, ((8, 1), (12, 1)), 2, True),
        motion_field=MotionFieldConfig((6, 8), (6, 4), 2, 0.01, 3),
        generator=GeneratorConfig((8, 6, 4), 1),
    )


@pytest.fixture
def guided() -> TrainingSettings:
    """The guided recipe for tiny networks."""
    return dataclasses.replace(RECIPES["guided"], batch=BATCH, image_size=SIZE)


@pytest.fixture
def pairs() -> DrawnPairs:
    """Batches of two."""
    return DrawnPairs(BATCH)
