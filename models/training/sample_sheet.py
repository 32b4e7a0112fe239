"""One picture of how far a run is: pairs, what is made of them, and what lies between."""

import colorsys

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import Tensor

from models.geometry import rotation_matrix, transform_keypoints
from models.motion_field import Keypoints
from models.networks import Networks
from models.training.pair_batch import PairBatch
from models.training.precision import autocast
from models.training.reconstruction import Draw, Reconstruction, reconstruct, render

ROWS = 6
CELL = 192  # pixels
CAPTION = 14  # pixels, height
TURN_DEGREES = 20.0
DOT = 3  # pixels, radius of a keypoint

Picture = NDArray[np.uint8]


@torch.no_grad()
def sample_sheet(networks: Networks, batch: PairBatch) -> Image.Image:
    """A row for each of the first pairs of a batch.

    Columns: source, driving, rendering, the driver's keypoints, motion mask (every keypoint has
    a colour, the background is black), occlusion, where the generator blends the shares of
    the warped and the unmoved source and the picture without either, and the rendering turned by
    20 degrees of yaw.

    Args:
        networks: in evaluation mode.
    """
    rows = min(ROWS, len(batch.source))
    some = PairBatch(
        batch.source[:rows],
        batch.driving[:rows],
        batch.source_angles[:rows],
        batch.driving_angles[:rows],
        batch.source_landmarks[:rows],
        batch.driving_landmarks[:rows],
    )
    count = networks.config.keypoints
    everything = torch.full((rows,), count, device=some.source.device)
    made = reconstruct(networks, some, Draw(everything, None))
    rendering = made.rendering
    if rendering is None:
        raise ValueError("a sheet shows renderings")
    columns: list[tuple[str, Tensor]] = [
        ("source", some.source),
        ("driving", some.driving),
        ("rendering", rendering.picture),
        ("keypoints", some.driving),
        ("motion mask", _coloured(rendering.field.mask, count)),
        ("occlusion", _grey(rendering.field.occlusion)),
    ]
    if rendering.blend is not None:
        columns.append(("warped source", _grey(rendering.blend.alpha)))
        columns.append(("still source", _grey(rendering.blend.still)))
        painted = reconstruct(networks, some, Draw(everything, None, everything > 0)).rendering
        if painted is not None:
            columns.append(("without either", painted.picture))
    columns.append(("yaw +20", _turned(networks, some, made)))

    sheet = Image.new("RGB", (CELL * len(columns), CAPTION + CELL * rows))
    pen = ImageDraw.Draw(sheet)
    for column, (caption, pictures) in enumerate(columns):
        pen.text((column * CELL + 2, 1), caption, fill="white")
        for row, picture in enumerate(_pixels(pictures)):
            cell = Image.fromarray(picture).resize((CELL, CELL), Image.Resampling.BILINEAR)
            if caption == "keypoints":
                _dot(cell, made.driving.points[row].cpu().numpy())
            sheet.paste(cell, (column * CELL, CAPTION + row * CELL))
    return sheet


def _turned(networks: Networks, batch: PairBatch, made: Reconstruction) -> Tensor:
    """The rendering with the viewer's turn, R_u R_d (section 3.3)."""
    device = batch.source.device
    turn = rotation_matrix(torch.tensor([[TURN_DEGREES, 0.0, 0.0]], device=device))
    rotation = turn @ made.driving.rotation
    motion = made.driving_motion
    points = transform_keypoints(made.canonical, rotation, motion.translation, motion.deformations)
    with autocast(device):
        features = networks.appearance(batch.source)
    return render(networks, features, made.source, Keypoints(points, rotation)).picture


def _palette(count: int) -> list[tuple[float, float, float]]:
    """Colours of keypoints, (red, green, blue) in [0, 1]; neighbours differ."""
    return [colorsys.hsv_to_rgb(index * 0.382 % 1, 0.8, 1.0) for index in range(count)]


def _coloured(mask: Tensor, count: int) -> Tensor:
    """(B, K + 1, D, H, W) -> (B, 3, H, W), mean over depth; the background stays black."""
    palette = torch.tensor([(0.0, 0.0, 0.0), *_palette(count)], device=mask.device)
    return torch.einsum("bkhw,kc->bchw", mask.float().mean(2), palette)


def _grey(mask: Tensor) -> Tensor:
    return mask.float().expand(-1, 3, -1, -1)


def _pixels(pictures: Tensor) -> list[Picture]:
    """(B, 3, H, W) in [0, 1] -> B pictures (H, W, 3)."""
    scaled = (pictures.float().clamp(0, 1) * 255).round().to(torch.uint8)
    return list(scaled.permute(0, 2, 3, 1).contiguous().cpu().numpy())


def _dot(cell: Image.Image, points: NDArray[np.float32]) -> None:
    """Draw keypoints (K, 3) with their numbers."""
    pen = ImageDraw.Draw(cell)
    for index, (point, colour) in enumerate(zip(points, _palette(len(points)), strict=True)):
        x, y = ((point[:2] + 1) / 2 * CELL).tolist()
        red, green, blue = (round(part * 255) for part in colour)
        pen.ellipse((x - DOT, y - DOT, x + DOT, y + DOT), fill=(red, green, blue))
        pen.text((x + DOT, y - DOT), str(index), fill=(red, green, blue))
