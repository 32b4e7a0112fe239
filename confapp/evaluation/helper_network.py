"""A network that measures, by its file: named in every result."""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path

from confapp.errors import ConfappError


@dataclass(frozen=True, slots=True)
class HelperNetwork:
    """What a result says of the network behind it.

    Attributes:
        name: what it is.
        file: the file's name, without its folder.
        sha256: of the whole file, hexadecimal.
        bytes: size of the file.
    """

    name: str
    file: str
    sha256: str
    bytes: int

    @classmethod
    def of(cls, name: str, path: Path) -> "HelperNetwork":
        """Hash a file.

        Raises:
            ConfappError: `network-not-found`.
        """
        if not path.is_file():
            raise ConfappError(
                "network-not-found", f"There is no file {path}; give the {name} network's own."
            )
        content = path.read_bytes()
        return cls(name, path.name, hashlib.sha256(content).hexdigest(), len(content))

    def facts(self) -> dict[str, str | int]:
        """For JSON."""
        return asdict(self)
