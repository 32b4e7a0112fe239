"""Which videos there are, whom they show, and whose turn they are."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from confapp.errors import ConfappError

VIDEO_SUFFIXES = frozenset((".mp4", ".m4v", ".mkv", ".webm", ".mov", ".avi", ".mpg", ".mpeg"))
NAME_LENGTH = 40  # characters of a video's name in the name of its clips
HASH_DIGITS = 8


class PersonRule(StrEnum):
    """How people are named."""

    AUTO = "auto"  # a sub-folder of a given folder is a person, and so is any other file
    FILE = "file"  # every file shows another person
    FOLDER = "folder"  # all files right in one folder show the same person


@dataclass(frozen=True, slots=True)
class VideoFile:
    """A video and whom it shows.

    Attributes:
        path: of the file.
        name: the path from the folder that was given, that folder's name in front; one video each.
        person: whom it shows.
    """

    path: Path
    name: str
    person: str

    @property
    def slug(self) -> str:
        """A short name for its clips, of letters, digits and hyphens; one video each."""
        readable = re.sub(r"[^A-Za-z0-9]+", "-", self.path.stem).strip("-")[:NAME_LENGTH]
        return "-".join(filter(None, (readable, _digest(self.name))))


@dataclass(frozen=True, slots=True)
class Part:
    """One of several machines' shares of the videos: number 1 to count."""

    number: int
    count: int

    @classmethod
    def of(cls, text: str) -> "Part":
        """Read `2/8`.

        Raises:
            ConfappError: `part-unreadable`.
        """
        found = re.fullmatch(r"(\d+)/(\d+)", text)
        part = cls(int(found[1]), int(found[2])) if found else cls(0, 0)
        if not 1 <= part.number <= part.count:
            raise ConfappError(
                "part-unreadable", f"{text} is no part; give --part 1/4 to --part 4/4, for example."
            )
        return part

    def share(self, videos: Sequence[VideoFile]) -> list[VideoFile]:
        """Every count-th video."""
        return list(videos[self.number - 1 :: self.count])


def find_videos(paths: Iterable[Path], rule: PersonRule = PersonRule.AUTO) -> list[VideoFile]:
    """The videos given, and those anywhere below the folders given, in order of their names.

    A folder that two of the given folders hold under the same name is one person; two files never
    are, unless they are the same file.

    Raises:
        ConfappError: `videos-not-found` where a path does not exist, or none is left.
    """
    found: dict[Path, VideoFile] = {}
    for given in paths:
        if not given.exists():
            raise ConfappError("videos-not-found", f"There is no {given}; check the path.")
        for path in [given] if given.is_file() else _below(given):
            found.setdefault(path.resolve(), _video(path, given, rule))
    videos = sorted(found.values(), key=lambda video: (video.name, video.path))
    if not videos:
        kinds = ", ".join(sorted(VIDEO_SUFFIXES))
        raise ConfappError("videos-not-found", f"There is no video there ({kinds}).")
    return _told_apart(videos)


def _below(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in VIDEO_SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _video(path: Path, given: Path, rule: PersonRule) -> VideoFile:
    root = given.resolve()
    inside = Path(path.name) if given.is_file() else path.relative_to(given)
    name = inside.as_posix() if given.is_file() else f"{root.name}/{inside.as_posix()}"
    if rule is PersonRule.FOLDER:
        person = path.resolve().parent.name
    elif rule is PersonRule.AUTO and len(inside.parts) > 1:
        person = inside.parts[0]
    else:
        person = ""  # named below, once it is clear which names there are twice
    return VideoFile(path, name, person)


def _told_apart(videos: list[VideoFile]) -> list[VideoFile]:
    """Names that come twice get a number, and people without a name that of their video."""
    seen: dict[str, int] = {}
    apart = []
    for video in videos:
        seen[video.name] = count = seen.get(video.name, 0) + 1
        name = video.name if count == 1 else f"{video.name}#{count}"
        named = replace(video, name=name)
        apart.append(replace(named, person=video.person or named.slug))
    return apart


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:HASH_DIGITS]
