"""What is known of each clip so far, a file each: a long run can be stopped and gone on with."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from confapp.errors import ConfappError
from confapp.whole_file import whole_file


class ClipRecords:
    """Records of one recipe; those of another recipe, or of a file that changed, do not count.

    Args:
        folder: for the records; made if it is not there.
        recipe: everything but the clip that its record depends on, ready for JSON.

    Raises:
        ConfappError: `results-unwritable`.
    """

    def __init__(self, folder: Path, recipe: Mapping[str, Any]) -> None:
        self._folder = folder
        self._recipe = json.dumps(recipe, sort_keys=True)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(folder, error) from error

    def get(self, clip: Path) -> dict[str, Any] | None:
        """What was put for this very file under this recipe, or None."""
        try:
            record = json.loads(self._path(clip).read_text())
            facts = record["facts"] if record["key"] == self._key(clip) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None  # not there, or not ours: it is made again
        return facts if isinstance(facts, dict) else None

    def put(self, clip: Path, facts: Mapping[str, Any]) -> None:
        """Keep what was found, in the place of an earlier record of the clip.

        Raises:
            ConfappError: `results-unwritable`.
        """
        path = self._path(clip)
        text = json.dumps({"key": self._key(clip), "facts": facts})
        try:
            with whole_file(path) as part:
                part.write_text(text + "\n")
        except OSError as error:
            raise _unwritable(path, error) from error

    def _path(self, clip: Path) -> Path:
        return self._folder / f"{clip.name}.json"

    def _key(self, clip: Path) -> str:
        digest = hashlib.sha256(self._recipe.encode())
        digest.update(clip.read_bytes())
        return digest.hexdigest()


def _unwritable(path: Path, error: OSError) -> ConfappError:
    return ConfappError(
        "results-unwritable", f"{path} cannot be written ({error.strerror}); choose another place."
    )
