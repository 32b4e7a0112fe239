"""Memory of the process over many frames."""

from dataclasses import dataclass
from pathlib import Path

from confapp.motion_frame import MotionFrame
from models.talking_head import SourceAppearance, TalkingHead

PROCESS_STATUS = Path("/proc/self/status")
SETTLING_FRAMES = 200  # in which allocators reach their size
KIB_A_MIB = 1024


@dataclass(frozen=True, slots=True)
class MemoryGrowth:
    """Resident memory in MiB before and after many frames.

    Attributes:
        frames: rendered in between.
    """

    frames: int
    before_mib: float
    after_mib: float

    @property
    def percent(self) -> float:
        """How much more it is afterwards."""
        return round((self.after_mib / self.before_mib - 1) * 100, 2)


def memory_growth(
    head: TalkingHead, appearance: SourceAppearance, motions: list[MotionFrame], frames: int
) -> MemoryGrowth | None:
    """Render frames and compare; None where the system does not tell."""
    before = None
    for number in range(SETTLING_FRAMES + frames):
        if number == SETTLING_FRAMES:
            before = resident_mib()
        head.render(appearance, motions[number % len(motions)])
    after = resident_mib()
    return None if before is None or after is None else MemoryGrowth(frames, before, after)


def resident_mib() -> float | None:
    """Resident memory of this process, on Linux."""
    if not PROCESS_STATUS.is_file():
        return None
    for line in PROCESS_STATUS.read_text().splitlines():
        if line.startswith("VmRSS:"):
            return round(int(line.split()[1]) / KIB_A_MIB, 1)
    return None
