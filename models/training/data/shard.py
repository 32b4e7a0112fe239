"""Shards on disk: tar files, or plain folders of the same layout.

A shard holds entries, each a folder with one JSON and its pictures:

    <clip>/clip.json       and one WebP a frame as the JSON names them, or `frames.avif`
    <still>/still.json     and `photo.webp`, `variant0.webp`, `variant1.webp`
    <person>/person.json   and one WebP a frame as the JSON names them

A shard with the word "val" in its name (`clips-val-00.tar`) shows people held out for validation
and is never read for training.
"""

import logging
import re
import tarfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from confapp.errors import ConfappError
from models.training.data.footage import Footage, Kind, read_footage

VALIDATION_WORD = "val"

log = logging.getLogger(__name__)


def find_shards(paths: Iterable[Path], *, validation: bool = False) -> list[Path]:
    """The shards at or right below `paths`: those for training, or those for validation.

    Raises:
        ConfappError: `data-not-found` where a path does not exist; `data-empty` where no shard is
            left.
    """
    paths = list(paths)
    shards: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise ConfappError("data-not-found", f"There is no {path}; give folders of shards.")
        below = [path] if _is_shard(path) else sorted(path.iterdir()) if path.is_dir() else []
        shards.update(dict.fromkeys(shard for shard in below if _is_shard(shard)))
    found = [shard for shard in shards if _is_for_validation(shard) == validation]
    if not found:
        use = "validation" if validation else "training"
        places = ", ".join(str(path) for path in paths)
        raise ConfappError(
            "data-empty",
            f"No shard for {use} in {places}; make some with `confapp data prepare`.",
        )
    return found


def read_shards(shards: Sequence[Path]) -> list[Footage]:
    """All readable entries of the shards; each of the others is one warning in the log.

    The encoded pictures stay in memory; nothing is decoded.

    Raises:
        ConfappError: `data-empty` where no entry can be read.
    """
    footage = [entry for shard in shards for entry in read_shard(shard)]
    if not footage:
        raise ConfappError("data-empty", "The shards hold no entry that can be read; see the log.")
    return footage


def read_shard(shard: Path) -> Iterator[Footage]:
    """The readable entries of one shard, in the order of their names."""
    for name, files in read_entries(shard):
        try:
            footage = read_footage(name, files)
        except ValueError as error:
            log.warning("%s/%s is left out: %s", shard.name, name, error)
            continue
        if footage is not None:
            yield footage


def read_entries(shard: Path) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Name and files of each entry of one shard, in the order of their names."""
    return _folder_entries(shard) if shard.is_dir() else _tar_entries(shard)


def _is_shard(path: Path) -> bool:
    if path.is_dir():
        return any(next(path.glob(f"*/{kind}.json"), None) for kind in Kind)
    return path.suffix == ".tar"


def _is_for_validation(shard: Path) -> bool:
    return VALIDATION_WORD in re.split(r"[-_.]", shard.name)


def _folder_entries(folder: Path) -> Iterator[tuple[str, dict[str, bytes]]]:
    for entry in sorted(path for path in folder.iterdir() if path.is_dir()):
        try:
            files = {file.name: file.read_bytes() for file in entry.iterdir() if file.is_file()}
        except OSError as error:
            log.warning("%s/%s is left out: %s", folder.name, entry.name, error)
            continue
        yield entry.name, files


def _tar_entries(path: Path) -> Iterator[tuple[str, dict[str, bytes]]]:
    entries: defaultdict[str, dict[str, bytes]] = defaultdict(dict)
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                file = tar.extractfile(member)
                if file is not None:
                    name = PurePosixPath(member.name)
                    entries[name.parent.name][name.name] = file.read()
    except (tarfile.TarError, OSError) as error:
        log.warning(
            "%s is cut short, %d entries of it are used: %s", path.name, len(entries), error
        )
    yield from sorted(entries.items())
