"""The one face of this package: a photo and motion frames in, pictures out."""

import hashlib
import logging
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from confapp.motion_frame import MotionFrame
from confapp.pose_offset import PoseOffset
from models.checkpoints.activation_ranges import load_ranges
from models.checkpoints.checkpoint import (
    FINGERPRINT_DIGITS,
    Checkpoint,
    CheckpointError,
    shipped_weights,
)
from models.compiled import compiles
from models.config import CONFIGS, ModelConfig
from models.engine import Engine, PreparedSource
from models.engine_plan import EnginePlan, choose_plan
from models.geometry import rotation_matrix, transform_keypoints
from models.motion_field import Keypoints
from models.networks import Networks

Picture = NDArray[np.uint8]

logger = logging.getLogger(__name__)

UNTRAINED_SEED = 0
UNTRAINED_WARNING = (
    "The model is untrained: the road from camera to screen is real, the pictures are not. "
    "Nobody's face can be recognised in them."
)


@dataclass(frozen=True, slots=True)
class SourceAppearance:
    """All that the renderer keeps of one source photo; made once, used for every frame.

    Attributes:
        canonical: x_c, (1, K, 3).
        motion: the photo's own head pose and expression.
        prepared: all else, as the engine reads it.
    """

    canonical: Tensor
    motion: MotionFrame
    prepared: PreparedSource


class TalkingHead:
    """The networks of one model, ready to use on one device.

    Any thread may use it. The same input gives the same output, bit for bit, on the same machine
    with the same plan and number of threads. Another plan rounds otherwise; two ends of a call need
    not have the same one, since motion is sent as numbers and the picture is made at one end.

    Args:
        checkpoint: the weights.
        trained: False for random weights.
        plan: how to run them; default: the fastest way on this machine that keeps the quality.

    Attributes:
        plan: how they run, and why.
        config: shapes; pictures are (image_size, image_size, 3) RGB uint8.
        fingerprint: names these weights; both ends of a call must have the same. 16 characters;
            random weights have one of configuration and seed, ``untrained-`` and 6 digits, since
            the last bits of their spectral norm depend on the processor.
        trained: False for random weights.
    """

    def __init__(
        self, checkpoint: Checkpoint, *, trained: bool, plan: EnginePlan | None = None
    ) -> None:
        self._checkpoint = checkpoint
        self.config: ModelConfig = checkpoint.config
        self.fingerprint = checkpoint.fingerprint
        self.trained = trained
        self._engine = _engine_of(checkpoint, plan)
        self.plan = self._engine.plan
        self._warm = False

    @classmethod
    def untrained(cls, name: str, plan: EnginePlan | None = None) -> "TalkingHead":
        """Random weights, the same on every machine, to try the road without trained ones.

        Raises:
            CheckpointError: `name` is no configuration.
        """
        return cls(random_checkpoint(_config(name)), trained=False, plan=plan)

    @classmethod
    def open(
        cls, model: str, *, untrained: bool = False, plan: EnginePlan | None = None
    ) -> "TalkingHead":
        """Open a model by configuration name or by weights file.

        Args:
            model: ``lite-256`` and so on, or the path of a .safetensors file.
            untrained: take random weights where the named configuration has no trained ones.

        Raises:
            CheckpointError: no such model, no trained weights, or weights that cannot be used.
            RangesError: the file of ranges beside the weights cannot be used.
        """
        checkpoint, trained = find_checkpoint(model, untrained=untrained)
        return cls(checkpoint, trained=trained, plan=plan)

    def smaller(self, share: float) -> "TalkingHead":
        """The same weights for pictures of a share of the side, which take less time.

        Motion means the same to both. Networks that do not run at such a size, which is all but
        the planar ones and sides that do not divide, are given back as they are.
        """
        config = self.config
        side = config.volume_size * share
        if not config.motion_field.planar or side % 2 ** (len(config.motion_field.down_widths) - 1):
            return self
        image_size = round(config.image_size * share)
        config = replace(config, image_size=image_size, volume_size=int(side))
        checkpoint = replace(self._checkpoint, config=config)
        return TalkingHead(checkpoint, trained=self.trained, plan=self.plan)

    @torch.inference_mode()
    def encode_source(self, photo: Picture) -> SourceAppearance:
        """F, L, H and Δ on a source photo; the first time, M and G are warmed up too.

        Raises:
            ValueError: the photo is not (image_size, image_size, 3) uint8.
        """
        pixels = self._pixels(photo)
        motion = self._motion_of(pixels, timestamp_ms=0)
        canonical = self._engine.canonical(pixels)
        keypoints = self._keypoints(canonical, motion, PoseOffset())
        prepared = self._engine.prepare(self._engine.appearance(pixels), keypoints)
        if not self._warm:  # the first frame is slow: weights are put in order, code is made
            self._engine.render(prepared, keypoints)
            self._warm = True
        return SourceAppearance(canonical, motion, prepared)

    @torch.inference_mode()
    def encode_motion(self, frame: Picture, timestamp_ms: int = 0) -> MotionFrame:
        """H and Δ on a frame.

        Raises:
            ValueError: the frame is not (image_size, image_size, 3) uint8.
        """
        return self._motion_of(self._pixels(frame), timestamp_ms)

    @torch.inference_mode()
    def render(
        self,
        appearance: SourceAppearance,
        motion: MotionFrame,
        offset: PoseOffset = PoseOffset(),  # noqa: B008 - a frozen value
    ) -> Picture:
        """M and G: the source's person with another frame's motion.

        Args:
            motion: a frame with any number of deformations up to K; those not sent are zero.
            offset: the viewer's turn of the head.

        Returns:
            (image_size, image_size, 3) RGB uint8.

        Raises:
            ValueError: the frame has more keypoints than the model.
        """
        driving = self._keypoints(appearance.canonical, motion, offset)
        return self._engine.render(appearance.prepared, driving).numpy()

    def _motion_of(self, pixels: Tensor, timestamp_ms: int) -> MotionFrame:
        motion = self._engine.motion(pixels)
        return MotionFrame.of(
            motion.angles[0].numpy(),
            motion.translation[0].numpy(),
            motion.deformations[0].numpy(),
            timestamp_ms,
        )

    def _keypoints(self, canonical: Tensor, motion: MotionFrame, offset: PoseOffset) -> Keypoints:
        """T with the free view of section 3.3: R_u R_d and t_d + t_u; on the CPU.

        A few dozen operations on a few dozen numbers take longer on a GPU.
        """
        left_out = self.config.keypoints - motion.keypoints
        if left_out < 0:
            raise ValueError(
                f"the frame has {motion.keypoints} keypoints, the model {self.config.keypoints}"
            )
        rotation = rotation_matrix(_row(motion.rotation))
        turn = rotation_matrix(_row([offset.yaw, offset.pitch, offset.roll]))
        rotation = turn @ rotation
        translation = _row(motion.translation) + _row([offset.x, offset.y, offset.z])
        deformations = F.pad(_row(motion.deformations), (0, 0, 0, left_out))
        points = transform_keypoints(canonical, rotation, translation, deformations)
        return Keypoints(points, rotation)

    def _pixels(self, picture: Picture) -> Tensor:
        """A picture of the model's size, (H, W, 3) uint8."""
        size = self.config.image_size
        if picture.shape != (size, size, 3) or picture.dtype != np.uint8:
            raise ValueError(
                f"{self.config.name} takes {size}x{size} RGB uint8 pictures, "
                f"not {picture.shape} {picture.dtype}"
            )
        return torch.from_numpy(np.ascontiguousarray(picture))


def _engine_of(checkpoint: Checkpoint, plan: EnginePlan | None) -> Engine:
    """As planned; else the fastest way on this machine that keeps the quality."""
    networks = checkpoint.networks()
    if plan is not None:
        return Engine(networks, plan, checkpoint.ranges)
    compiled = checkpoint.ranges is not None and compiles(checkpoint.config)
    plan = choose_plan(compiles=compiled)
    try:
        return Engine(networks, plan, checkpoint.ranges)
    except RuntimeError as error:
        if not plan.compiled:
            raise
        reason = str(error).partition("\n")[0]
        logger.warning("OpenVINO does not run %s here: %s", checkpoint.config.name, reason)
    return Engine(networks, choose_plan())


def _row(numbers: ArrayLike) -> Tensor:
    """Numbers of one frame as a batch of one, fp32."""
    return torch.from_numpy(np.asarray(numbers, dtype=np.float32))[None]


def find_checkpoint(
    model: str, *, untrained: bool = False, with_ranges: bool = True
) -> tuple[Checkpoint, bool]:
    """The weights that `TalkingHead.open` takes, and whether they are trained.

    Args:
        with_ranges: also those of the numbers that convolutions read, if a file beside the
            weights has them.

    Raises:
        CheckpointError, RangesError: as `TalkingHead.open`.
    """
    path = Path(model)
    if not model.endswith(".safetensors"):
        config = _config(model)
        path = shipped_weights(config.name)
    if model.endswith(".safetensors") or path.is_file():
        checkpoint = Checkpoint.load(path)
        if with_ranges:
            ranges = load_ranges(path, checkpoint.fingerprint)
            checkpoint = replace(checkpoint, ranges=ranges)
        return checkpoint, True
    if untrained:
        return random_checkpoint(config), False
    raise CheckpointError(
        "weights-missing",
        f"there are no trained weights for {config.name} yet; give a weights file with --model "
        "FILE.safetensors, or try the road with random ones by --untrained",
    )


def _config(name: str) -> ModelConfig:
    config = CONFIGS.get(name)
    if config is None:
        raise CheckpointError(
            "model-unknown", f"there is no model {name!r}; the models are {', '.join(CONFIGS)}"
        )
    return config


def random_checkpoint(config: ModelConfig) -> Checkpoint:
    """Random weights of a configuration, the same on every machine."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(UNTRAINED_SEED)
        networks = Networks(config)
    digest = hashlib.sha256(f"{UNTRAINED_SEED} {config.to_json()}".encode()).hexdigest()
    fingerprint = f"untrained-{digest}"[:FINGERPRINT_DIGITS]
    return Checkpoint(config, networks.state_dict(), "Random weights, not trained.", fingerprint)
