"""The folder that shards go into."""

import re
from pathlib import Path

from confapp.errors import ConfappError

# A shard or a contact sheet of one part, finished or not.
PART_FILE = re.compile(r"(?:clips(?:-val)?-p(\d+)-\d+\.tar|contact-sheet-p(\d+)\.png)(?:\.part)?")


def open_output_folder(folder: Path, part: int | None) -> None:
    """Make the folder if there is none, and see that nothing in it is of an older run.

    Args:
        part: number of the part to be written; the files of other parts may be there already.

    Raises:
        ConfappError: `output-not-empty`, or `output-unwritable`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = sorted(path.name for path in folder.iterdir())
    except OSError as error:
        raise ConfappError(
            "output-unwritable",
            f"{folder} cannot be a folder for shards ({error.strerror}); choose another.",
        ) from error
    older = [name for name in names if part is None or _part_of(name) in {None, part}]
    if older:
        what = "older files" if part is None else f"files that are not of parts other than {part}"
        raise ConfappError(
            "output-not-empty",
            f"{folder} holds {what} ({older[0]}); choose an empty folder, or empty this one.",
        )


def contact_sheet_name(part: int | None) -> str:
    """The file beside the shards."""
    return "contact-sheet.png" if part is None else f"contact-sheet-p{part}.png"


def _part_of(name: str) -> int | None:
    found = PART_FILE.fullmatch(name)
    return int(found[1] or found[2]) if found else None
