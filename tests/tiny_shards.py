"""Small shards of plain grey pictures, each frame with a level of its own."""

import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SIDE = 32
Files = dict[str, bytes]


def webp(level: int, side: int = SIDE) -> bytes:
    """A grey picture, lossless."""
    return _saved([level], side, "WEBP", lossless=True)


def avif(levels: Sequence[int], side: int = SIDE) -> bytes:
    """A sequence of grey pictures, exact to about one level."""
    return _saved(levels, side, "AVIF", quality=95)


def pose(frame: int) -> dict[str, float]:
    """Angles that tell the frames apart."""
    return {"yaw": 1.0 + frame, "pitch": 10.0 + frame, "roll": -1.0 - frame}


def points(frame: int, side: int = SIDE) -> list[list[float]]:
    """68 landmarks in pixels, moving right by one pixel a frame."""
    return [[side / 4 + frame + i / 68, side / 4 + i / 4] for i in range(68)]


def clip(levels: Sequence[int], person: str = "p0", sequence: bool = False) -> Files:
    """A clip of one frame a level: WebP files, or one AVIF sequence."""
    frames: list[dict[str, Any]] = [
        {"file": f"{i:03}.webp", "t": i / 6, **pose(i), "landmarks": points(i)}
        for i in range(len(levels))
    ]
    if sequence:
        for frame in frames:
            del frame["file"]
    facts = {"person": person, "source": "made up", "tier": "A", "frames": frames}
    pictures = (
        {"frames.avif": avif(levels)}
        if sequence
        else {f"{i:03}.webp": webp(level) for i, level in enumerate(levels)}
    )
    return {"clip.json": json.dumps(facts).encode(), **pictures}


def still(levels: tuple[int, int, int]) -> Files:
    """A photo and its two variants."""
    facts = {
        "source": "made up",
        "tier": "A",
        "photo": pose(0),
        "variants": [pose(1), pose(2)],
        "landmarks": points(0),
        "variant_landmarks": [points(1), points(2)],
    }
    names = ("photo.webp", "variant0.webp", "variant1.webp")
    pictures = {name: webp(level) for name, level in zip(names, levels, strict=True)}
    return {"still.json": json.dumps(facts).encode(), **pictures}


def synthetic_person(levels: Sequence[int]) -> Files:
    """Frames of a synthetic person, without landmarks."""
    frames = [{"file": f"{i}.webp", **pose(i)} for i in range(len(levels))]
    pictures = {f"{i}.webp": webp(level) for i, level in enumerate(levels)}
    return {"person.json": json.dumps({"frames": frames}).encode(), **pictures}


def write_tar(path: Path, entries: Mapping[str, Files]) -> Path:
    """A shard as a tar file."""
    with tarfile.open(path, "w") as tar:
        for entry, files in entries.items():
            for name, content in files.items():
                member = tarfile.TarInfo(f"{entry}/{name}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return path


def write_folder(path: Path, entries: Mapping[str, Files]) -> Path:
    """A shard as a plain folder."""
    for entry, files in entries.items():
        (path / entry).mkdir(parents=True)
        for name, content in files.items():
            (path / entry / name).write_bytes(content)
    return path


def _saved(levels: Sequence[int], side: int, file_format: str, **options: Any) -> bytes:
    pictures = [Image.fromarray(np.full((side, side, 3), level, np.uint8)) for level in levels]
    if len(pictures) > 1:
        options |= {"save_all": True, "append_images": pictures[1:]}
    file = io.BytesIO()
    pictures[0].save(file, file_format, **options)
    return file.getvalue()
