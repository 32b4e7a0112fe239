"""What came of a folder of videos, for a person and for a program."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from confapp.dataset.drop_reason import DropReason
from confapp.dataset.video_preparation import PreparedVideo


@dataclass(slots=True)
class PreparationReport:
    """Counts over videos.

    Attributes:
        folder: where the shards are.
        labels: the network behind the labels.
        videos: how many there were to do, and how many of those are `done`.
        people: clips of each.
        frames: kept; `looked_at` is the sum of these and of all that was dropped.
        shards: names of the files.
        unreadable, broken: reason by video; broken ones gave what stands before the break.
        complete: False where the run was stopped.
    """

    folder: str
    labels: str
    videos: int
    done: int = 0
    people: Counter[str] = field(default_factory=Counter)
    frames: int = 0
    looked_at: int = 0
    dropped: Counter[DropReason] = field(default_factory=Counter)
    unreadable: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    shards: list[str] = field(default_factory=list)
    complete: bool = True

    @property
    def clips(self) -> int:
        """Number of clips."""
        return self.people.total()

    def add(self, video: PreparedVideo) -> None:
        """Count one video."""
        self.done += 1
        self.looked_at += video.looked_at
        self.dropped.update(video.dropped)
        for clip in video.clips:
            self.people[clip.person] += 1
            self.frames += len(clip)
        if video.unreadable:
            self.unreadable[video.name] = video.unreadable
        if video.broken:
            self.broken[video.name] = video.broken

    def facts(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "folder": self.folder,
            "labels": self.labels,
            "videos": self.videos,
            "done": self.done,
            "complete": self.complete,
            "clips": self.clips,
            "people": len(self.people),
            "frames": self.frames,
            "looked_at": self.looked_at,
            "dropped": {reason.value: self.dropped[reason] for reason in DropReason},
            "unreadable": self.unreadable,
            "broken": self.broken,
            "shards": self.shards,
        }

    def text(self) -> str:
        """The same in lines."""
        lines = [
            f"{self.folder}: {self.clips} clips of {len(self.people)} people, {self.frames} frames "
            f"in {len(self.shards)} shards; from {self.done} of {self.videos} videos, "
            f"{self.looked_at} frames looked at",
            f"head poses by {self.labels}",
        ]
        reasons = [f"{reason} {count}" for reason in DropReason if (count := self.dropped[reason])]
        lines.append(f"frames dropped: {', '.join(reasons) or 'none'}")
        lines += [f"unreadable: {name} ({reason})" for name, reason in self.unreadable.items()]
        lines += [f"breaks off: {name} ({reason})" for name, reason in self.broken.items()]
        if not self.complete:
            lines.append("Stopped before the end: these are the videos done until then.")
        return "\n".join(lines)
