"""In which ranges the numbers lie that convolutions read: a JSON file beside the weights.

Only with them can convolutions compute in bytes without looking at each frame's numbers first. They
belong to the weights, which the file names by their fingerprint.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path

from confapp.errors import ConfappError
from confapp.whole_file import whole_file

FORMAT = "confapp-ranges-1"
ENDING = ".ranges.json"

MEASURE_ANEW = "measure them again with `confapp ranges`, or remove the file."

# what a file can hold in place of ranges: lists nested too deep and numbers too large among it
_DAMAGE = (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)

Range = tuple[float, float]
Ranges = Mapping[str, Range]  # by network and layer


class RangesError(ConfappError):
    """A file of ranges that cannot be used, and what to do about it."""


def ranges_file(weights: Path) -> Path:
    """Where the ranges of a weights file are: NAME.ranges.json beside NAME.safetensors."""
    return weights.with_name(weights.stem + ENDING)


def load_ranges(weights: Path, fingerprint: str) -> Ranges | None:
    """The ranges of a weights file; None where there are none.

    Raises:
        RangesError: damaged, or of other weights.
    """
    path = ranges_file(weights)
    if not path.is_file():
        return None
    try:
        document = json.loads(path.read_text())
        ranges = {name: _range(ends) for name, ends in document["ranges"].items()}
        known = document["format"] == FORMAT
        owner = document["fingerprint"]
    except _DAMAGE as error:
        raise RangesError(
            "ranges-damaged", f"{path} is not a readable file of ranges; {MEASURE_ANEW}"
        ) from error
    if not known:
        raise RangesError(
            "ranges-unreadable", f"{path} was made by another version; {MEASURE_ANEW}"
        )
    if owner != fingerprint:
        raise RangesError("ranges-foreign", f"{path} belongs to other weights; {MEASURE_ANEW}")
    return ranges


def save_ranges(ranges: Ranges, fingerprint: str, path: Path) -> None:
    """Write the file; an existing one is replaced only when the new one is complete.

    Raises:
        RangesError: `ranges-unwritable`.
    """
    rounded = {name: [float(f"{end:.6g}") for end in ends] for name, ends in ranges.items()}
    document = {"format": FORMAT, "fingerprint": fingerprint, "ranges": rounded}
    try:
        with whole_file(path) as part:
            part.write_text(json.dumps(document, indent=1) + "\n")
    except OSError as error:
        raise RangesError(
            "ranges-unwritable",
            f"{path} cannot be written ({error.strerror}); choose another file",
        ) from error


def _range(ends: object) -> Range:
    if not isinstance(ends, list) or any(type(end) not in (int, float) for end in ends):
        raise ValueError("no range")
    least, most = (float(end) for end in ends)
    if not (math.isfinite(least) and math.isfinite(most) and least <= most):
        raise ValueError("no range")
    return least, most
