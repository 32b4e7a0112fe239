"""Opening .fvc files."""

from pathlib import Path
from typing import BinaryIO

from confapp.errors import ConfappError


def open_fvc(path: Path) -> BinaryIO:
    """Open a file for reading.

    Raises:
        ConfappError: `file-not-found` or `file-unreadable`.
    """
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise ConfappError("file-not-found", f"There is no file {path}; check the path.") from error
    except OSError as error:
        raise ConfappError(
            "file-unreadable", f"{path} cannot be read ({error.strerror})."
        ) from error
