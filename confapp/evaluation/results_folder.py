"""Where an evaluation puts its results: whole files only, as a run may be stopped at any time."""

from pathlib import Path

from PIL import Image

from confapp.errors import ConfappError
from confapp.whole_file import whole_file

FIGURES = "results.json"
TABLES = "results.md"


class ResultsFolder:
    """Made at the start, so that a long run cannot end with results that fit nowhere.

    Args:
        path: the folder; None for no folder.
        json_file: where the figures go besides.

    Raises:
        ConfappError: `results-unwritable`.
    """

    def __init__(self, path: Path | None, json_file: Path | None = None) -> None:
        self._path = path
        files = [path / FIGURES] if path else []
        self._json_files = [*files, json_file] if json_file else files
        for file in self._json_files:
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise _unwritable(file.parent, error) from error

    def write(self, figures: str, tables: str) -> None:
        """The figures as JSON and the tables as Markdown, in the place of earlier ones.

        Raises:
            ConfappError: `results-unwritable`.
        """
        files = dict.fromkeys(self._json_files, figures)
        if self._path:
            files[self._path / TABLES] = tables
        for file, text in files.items():
            try:
                with whole_file(file) as part:
                    part.write_text(text)
            except OSError as error:
                raise _unwritable(file, error) from error

    def add_sheet(self, name: str, sheet: Image.Image) -> None:
        """A sheet as NAME.png, if there is a folder.

        Raises:
            ConfappError: `results-unwritable`.
        """
        if self._path is None:
            return
        file = self._path / f"{name}.png"
        try:
            with whole_file(file) as part:
                sheet.save(part, format="PNG")
        except OSError as error:
            raise _unwritable(file, error) from error

    def add_text(self, name: str, text: str) -> None:
        """Another file, if there is a folder.

        Raises:
            ConfappError: `results-unwritable`.
        """
        if self._path is None:
            return
        file = self._path / name
        try:
            with whole_file(file) as part:
                part.write_text(text)
        except OSError as error:
            raise _unwritable(file, error) from error


def _unwritable(path: Path, error: OSError) -> ConfappError:
    return ConfappError(
        "results-unwritable", f"{path} cannot be written ({error.strerror}); choose another place."
    )
