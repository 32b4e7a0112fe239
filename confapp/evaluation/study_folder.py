"""A preference study as a folder: a page that asks which clip looks better, and the key to it.

The page and its clips can be put on any web server or opened from disk. Names of clips tell nothing
of what they are; `key.json` does, and stays with whoever asks.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np

from confapp.errors import ConfappError
from confapp.evaluation.folder_clip import VIDEO_SUFFIXES
from confapp.media.clip import Clip
from confapp.media.recorder import Recorder
from confapp.media.video_frame import RgbImage
from confapp.whole_file import whole_file

KEY = "key.json"
PAGE = "page"
PLAN = "{{plan}}"  # in the page's template
CLIPS = "clips"
CHECKS = 3  # pairs that whoever looks cannot miss
CHECK_SIDE = 12  # pixels that are left of a spoilt clip's side
NAME_DIGITS = 12


@dataclass(frozen=True, slots=True)
class StudyClip:
    """One clip that is shown.

    Attributes:
        name: of its file on the page, without an ending; tells nothing.
        method: whose it is; of an attention check `good` or `spoilt`.
        clip: what it shows; the two of a pair show the same.
    """

    name: str
    method: str
    clip: str


def make_study(methods: Mapping[str, Path], out: Path, seed: int = 0) -> tuple[int, int]:
    """Pair the clips that have one name in two folders, and write page, clips and key.

    Args:
        methods: two folders of clips by what made them.
        out: an empty folder, or one that is not there.
        seed: of the clips' names and of the choice of attention checks.

    Returns:
        How many pairs, and how many attention checks besides.

    Raises:
        ConfappError: `study-empty` without a pair, `study-unwritable`, or a clip that is no video.
    """
    first, second = methods.items()
    names = _shared(first[1], second[1])
    if not names:
        raise ConfappError(
            "study-empty", f"No clip has the same name in {first[1]} and in {second[1]}."
        )
    try:
        clips = out / PAGE / CLIPS
        if out.is_dir() and any(out.iterdir()):
            raise ConfappError("study-unwritable", f"{out} is not empty; choose another folder.")
        clips.mkdir(parents=True)
        pairs = []
        for name in names:
            pair = [StudyClip(_hidden(seed, one, name), one, name) for one in methods]
            for shown, folder in zip(pair, methods.values(), strict=True):
                _record(folder / name, clips / f"{shown.name}.mp4")
            pairs.append(pair)
        chosen = np.random.default_rng(seed).permutation(len(names))[:CHECKS]
        checks = [_check(seed, names[index], second[1], clips) for index in sorted(chosen.tolist())]
        _write_key(out, list(methods), pairs, checks)
        _write_page(out, [*pairs, *checks])
    except OSError as error:
        raise ConfappError(
            "study-unwritable", f"{error.filename} cannot be written ({error.strerror})."
        ) from error
    return len(pairs), len(checks)


def study_id(pairs: list[list[str]]) -> str:
    """Names the pairs of a study: answers to another one do not fit it."""
    return hashlib.sha256(json.dumps(pairs).encode()).hexdigest()[:NAME_DIGITS]


def _shared(one: Path, other: Path) -> list[str]:
    return sorted(
        path.name
        for path in one.glob("*")
        if path.suffix.lower() in VIDEO_SUFFIXES and (other / path.name).is_file()
    )


def _hidden(seed: int, method: str, clip: str) -> str:
    return hashlib.sha256(f"{seed} {method} {clip}".encode()).hexdigest()[:NAME_DIGITS]


def _check(seed: int, name: str, folder: Path, clips: Path) -> list[StudyClip]:
    """A clip beside itself, spoilt."""
    pair = [StudyClip(_hidden(seed, kind, name), kind, name) for kind in ("good", "spoilt")]
    good, spoilt = (clips / f"{shown.name}.mp4" for shown in pair)
    _record(folder / name, good)
    _record(folder / name, spoilt, spoil=True)
    return pair


def _record(source: Path, target: Path, *, spoil: bool = False) -> None:
    """Anew and alike for everybody, without sound or anything else that tells where it is from."""
    clip = Clip(source)
    width, height = (side // 2 * 2 for side in clip.size)
    with Recorder(target, (width, height), clip.fps) as recorder:
        for frame in clip.frames():
            rgb = np.ascontiguousarray(frame.rgb[:height, :width])
            recorder.write(_spoilt(rgb) if spoil else rgb, frame.timestamp_ms)


def _spoilt(rgb: RgbImage) -> RgbImage:
    """Coarse blocks, that nobody takes for the better picture."""
    height, width = rgb.shape[:2]
    coarse = cv2.resize(rgb, (CHECK_SIDE, CHECK_SIDE), interpolation=cv2.INTER_AREA)
    blocks = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_NEAREST)
    return blocks.astype(np.uint8, copy=False)


def _write_key(
    out: Path, methods: list[str], pairs: list[list[StudyClip]], checks: list[list[StudyClip]]
) -> None:
    key = {
        "study": study_id(_names([*pairs, *checks])),
        "methods": methods,
        "pairs": [[asdict(shown) for shown in pair] for pair in pairs],
        "checks": [[asdict(shown) for shown in pair] for pair in checks],
    }
    with whole_file(out / KEY) as part:
        part.write_text(json.dumps(key, indent=1) + "\n")


def _write_page(out: Path, pairs: list[list[StudyClip]]) -> None:
    names = _names(pairs)
    plan = json.dumps({"study": study_id(names), "pairs": names})
    template = (files("confapp.evaluation") / "study" / "index.html").read_text()
    with whole_file(out / PAGE / "index.html") as part:
        part.write_text(template.replace(PLAN, plan))


def _names(pairs: list[list[StudyClip]]) -> list[list[str]]:
    """By name alone, in an order that tells neither methods nor checks."""
    return sorted(sorted(shown.name for shown in pair) for pair in pairs)
