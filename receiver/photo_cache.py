"""Source photos of earlier calls, by content hash: who calls again need not send theirs again."""

import contextlib
import logging
import os
import re
import tempfile
from pathlib import Path

from platformdirs import user_cache_path

from confapp.call.control_message import MAX_STILL_BYTES, content_hash
from confapp.errors import ConfappError

logger = logging.getLogger(__name__)

MAX_CACHE_BYTES = 16 * 1024 * 1024  # about 1300 people
SUFFIX = ".still"
SHA256 = re.compile("[0-9a-f]{64}")


def default_folder() -> Path:
    """Where a call keeps them."""
    return user_cache_path("confapp") / "photos"


class PhotoCache:
    """A folder of stills, each named by its hash; those used longest ago go first.

    Calls that run at the same time may share it. A disk that fails makes a call no worse than
    one without a cache, so that is only logged.

    Args:
        folder: made, for its owner alone, when the first photo is kept.
        limit_bytes: of all photos together.
    """

    def __init__(self, folder: Path, limit_bytes: int = MAX_CACHE_BYTES) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes

    def get(self, sha256: str) -> bytes | None:
        """The still of this hash, and it counts as used now; None where it is not here, whole.

        Raises:
            ValueError: `sha256` is not 64 hexadecimal digits.
        """
        path = self._path(sha256)
        try:
            with path.open("rb") as file:
                still = file.read(MAX_STILL_BYTES + 1)
            if content_hash(still) != sha256:
                logger.warning("a kept photo is damaged and is thrown away")
                path.unlink()
                return None
            os.utime(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            logger.warning("a kept photo cannot be read: %s", error.strerror)
            return None
        return still

    def put(self, still: bytes) -> None:
        """Keep a still, in place of those used longest ago."""
        path = self._path(content_hash(still))
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # a name of its own, since another call may write the same photo
            handle, part = tempfile.mkstemp(dir=self._folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(still)
                Path(part).replace(path)
            except BaseException:
                with contextlib.suppress(OSError):
                    Path(part).unlink()
                raise
            self._make_room()
        except OSError as error:
            logger.warning("the other side's photo is not kept: %s", error.strerror)

    def clear(self) -> int:
        """Throw all photos away; how many there were.

        Raises:
            ConfappError: `photos-not-cleared`.
        """
        try:
            photos = [path for path, _ in self._files()]
            for path in photos:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise ConfappError(
                "photos-not-cleared",
                f"{self._folder} cannot be cleared ({error.strerror}): delete it by hand.",
            ) from error
        return sum(path.suffix == SUFFIX for path in photos)

    def _path(self, sha256: str) -> Path:
        if not SHA256.fullmatch(sha256):
            raise ValueError("a photo is named by 64 hexadecimal digits")
        return self._folder / (sha256 + SUFFIX)

    def _files(self) -> list[tuple[Path, os.stat_result]]:
        """All files, also what a call that broke off left unfinished; the newest first."""
        if not self._folder.is_dir():
            return []
        files = []
        for path in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):  # another call was quicker
                files.append((path, path.stat()))
        return sorted(files, key=lambda file: file[1].st_mtime_ns, reverse=True)

    def _make_room(self) -> None:
        total = 0
        for path, status in self._files():
            total += status.st_size
            if total > self._limit_bytes:
                path.unlink(missing_ok=True)
