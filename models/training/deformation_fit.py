"""Least squares for the last layer of the deformations, after the keypoints were trained.

Gradient steps large enough to move a head leave a noise of some pixels on every keypoint, and a lid
closes by four. What the layer reads (landmarks, and hidden features) already tells lids apart, so
the best layer for given labels follows in closed form.
"""

import argparse
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from confapp.errors import ConfappError
from models.checkpoints.checkpoint import Checkpoint
from models.facial_landmarks import GUIDES
from models.geometry import rotation_matrix, transform_keypoints
from models.landmark_motion_encoder import LandmarkMotionEncoder
from models.networks import Networks
from models.training.data.pair_loader import PairLoader
from models.training.losses.landmark_guide import OPENINGS, guide_targets
from models.training.pair_batch import PairBatch

RIDGE = 0.01  # against features scaled to deviation 1
EYELIDS = (OPENINGS[1], OPENINGS[2])
SHUT = 3 / 128  # half images: an opening below it is a blink
BLINK_WEIGHT = 5.0  # of its frames; they are rare
BATCH, SIZE = 32, 128
PIXELS = 128  # of 256 in half an image


@dataclass(frozen=True, slots=True)
class DeformationFit:
    """How far the guided keypoints are from their landmarks.

    Attributes:
        frames: that were fitted.
        before, after: root mean square distance, weighted as the fit, in half images.
    """

    frames: int
    before: float
    after: float


@torch.inference_mode()
def fit_deformations(networks: Networks, batches: Iterable[PairBatch]) -> DeformationFit:
    """Change the layer that gives the deformations so that guided keypoints meet their landmarks.

    Args:
        networks: in evaluation mode; guided as `landmark_guide` does it.
        batches: of training data; frames without landmarks are passed over.

    Raises:
        ConfappError: `labels-missing` where no frame has landmarks.
    """
    layer = networks.motion_encoder.deformations
    seen: list[Tensor] = []
    hook = layer.register_forward_hook(lambda _layer, inputs, _output: seen.append(inputs[0]))
    known, wanted, weights = [], [], []
    try:
        for batch in batches:
            canonical = networks.canonical(batch.source)
            for image, landmarks in (
                (batch.driving, batch.driving_landmarks),
                (batch.source, batch.source_landmarks),
            ):
                missing = _missing(networks, canonical, image, landmarks)
                labelled = missing.isfinite().flatten(1).all(1)
                known.append(seen.pop()[labelled].double())
                wanted.append(missing[labelled].flatten(1).double())
                weights.append(_weight(guide_targets(landmarks[labelled])).double())
    finally:
        hook.remove()
    x, y, weight = torch.cat(known), torch.cat(wanted), torch.cat(weights)
    if not len(x):
        raise ConfappError(
            "labels-missing", "no frame has landmarks; `confapp data label` finds them"
        )
    x = torch.cat([x, torch.ones_like(x[:, :1])], 1)
    scale = x.std(0, correction=0)
    scale[-1] = 1
    scaled = x / scale.clamp(min=1e-4)
    share = weight[:, None] / weight.sum()
    ridge = RIDGE * torch.eye(scaled.shape[1], dtype=x.dtype)
    solution = torch.linalg.solve(scaled.T @ (share * scaled) + ridge, scaled.T @ (share * y))
    change = (solution / scale.clamp(min=1e-4)[:, None]).to(layer.weight)
    rows = [3 * keypoint + axis for keypoint in range(y.shape[1] // 2) for axis in range(2)]
    layer.weight[rows] += change[:-1].T
    layer.bias[rows] += change[-1]
    before, after = (
        float((share * error.unflatten(1, (-1, 2)).square().sum(2)).sum(0).mean().sqrt())
        for error in (y, y - scaled @ solution)
    )
    return DeformationFit(len(x), before, after)


def _missing(networks: Networks, canonical: Tensor, image: Tensor, landmarks: Tensor) -> Tensor:
    """(B, G, 2): what the deformations of the guided keypoints lack (eq. 2); NaN if unlabelled."""
    encoder = networks.motion_encoder  # one look, which is what the layer is fitted to
    motion = encoder.look(image) if isinstance(encoder, LandmarkMotionEncoder) else encoder(image)
    points = transform_keypoints(
        canonical, rotation_matrix(motion.angles), motion.translation, motion.deformations
    )
    count = min(points.shape[1], len(GUIDES))
    return guide_targets(landmarks)[:, :count] - points[:, :count, :2]


def _weight(targets: Tensor) -> Tensor:
    """(B, 18, 2) -> (B,): frames with shut eyes count more."""
    gaps = [(targets[:, one] - targets[:, other]).norm(dim=-1) for one, other in EYELIDS]
    shut = torch.stack(gaps).mean(0) < SHUT
    return 1 + (BLINK_WEIGHT - 1) * shut


def main(arguments: list[str] | None = None) -> int:
    """`python -m models.training.deformation_fit`; the exit status is 1 where it could not."""
    options = argparse.ArgumentParser(
        prog="python -m models.training.deformation_fit",
        description="Fit the layer of the deformations to labels, in closed form.",
    )
    options.add_argument("weights", type=Path, help="weights file to start from")
    options.add_argument("--data", type=Path, nargs="+", required=True, help="shards to train on")
    options.add_argument("--batches", type=int, default=130, help=f"of {BATCH} pairs")
    options.add_argument("-o", "--out", type=Path, required=True, help="weights file to write")
    given = options.parse_args(arguments)
    try:
        checkpoint = Checkpoint.load(given.weights)
        networks = checkpoint.networks().eval()
        with PairLoader(given.data, BATCH, SIZE, seed=0) as loader:
            fit = fit_deformations(networks, map(loader.batch, range(given.batches)))
        Checkpoint.of(networks, checkpoint.card).save(given.out)
    except ConfappError as error:
        print(f"{error.error_id}: {error.message}", file=sys.stderr)
        return 1
    print(
        f"{fit.frames} frames: keypoints {fit.before * PIXELS:.2f} pixels of 256 from their "
        f"landmarks before, {fit.after * PIXELS:.2f} after"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
