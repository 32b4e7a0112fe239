"""Files that appear under their name only when they are whole."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

UNFINISHED_SUFFIX = ".part"


def part_of(path: Path) -> Path:
    """Where a file is written until it is whole: NAME.part beside it.

    Raises:
        IsADirectoryError: a folder has this name; better said before the work than after it.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    return path.with_name(path.name + UNFINISHED_SUFFIX)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Write to the path that this gives; at the end it takes the place of `path`.

    When the block raises, an older file stays as it was, and what was written is taken away.

    Raises:
        OSError: as the file system says it.
    """
    part = part_of(path)
    try:
        yield part
        part.replace(path)
    except BaseException:
        with suppress(OSError):  # the first error is the one to tell
            part.unlink()
        raise
