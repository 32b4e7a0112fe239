"""What a call counts, once a second, in one typed place: for the screen, and as JSON lines."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from confapp.call.call_session import CallSession
from confapp.call_summary import kbps
from confapp.errors import ConfappError
from receiver.session import ReceiverSession
from receiver.sound_session import SoundReceiver
from sender.session import SenderSession
from sender.sound_session import SoundSender

INTERVAL_S = 1.0


@dataclass(frozen=True, slots=True)
class CallReport:
    """The last second of a call; None where it does not apply or is not known.

    Attributes:
        at_s: seconds since the call stood.
        state, reason: of the session.
        captured_fps, sent_fps, received_fps, shown_fps: pictures at each stage.
        motion_up_kbps: coded motion, without any header.
        sound_up_kbps: coded sound, without any header.
        wire_up_kbps, wire_down_kbps: whole IP datagrams, everything counted.
        rtt_ms: round trip.
        loss_up, loss_down: share of the motion messages lost in the last eight seconds.
        refused: share of them that this side's channel did not take.
        max_fps_up, max_fps_down: most pictures a second that the other side asks for, and that this
            side asks for.
        picture_delay_ms: from capture to shown, of the newest picture.
        sound_delay_ms: how long sound waits for slower packets.
        sound_jitter_ms: standard deviation of the arrivals of sound.
        concealed_ms: sound made up in this second for what was missing.
        extrapolated: pictures made up in this second.
        skew_ms: sound minus picture by their capture; above zero the sound is ahead.
        reconnects: how often the call came back.
        photos_kept: the other side's photos that were here since an earlier call, so far.
        sound_in_dbfs, sound_out_dbfs: levels of microphone and speaker.
    """

    at_s: float
    state: str
    reason: str
    captured_fps: float | None
    sent_fps: float | None
    received_fps: float | None
    shown_fps: float | None
    motion_up_kbps: float
    sound_up_kbps: float
    wire_up_kbps: float
    wire_down_kbps: float
    rtt_ms: float | None
    loss_up: float
    loss_down: float
    refused: float
    max_fps_up: int | None
    max_fps_down: int | None
    picture_delay_ms: float | None
    sound_delay_ms: float | None
    sound_jitter_ms: float | None
    concealed_ms: float | None
    extrapolated: float | None
    skew_ms: float | None
    reconnects: int
    photos_kept: int | None
    sound_in_dbfs: float | None
    sound_out_dbfs: float | None

    def line(self) -> str:
        """The same in a line for a person."""
        parts = [
            f"{self.state}{' (' + self.reason + ')' if self.reason else ''}",
            f"{self.wire_up_kbps:.0f}/{self.wire_down_kbps:.0f} kbit/s",
        ]
        if self.shown_fps is not None:
            parts.append(f"{self.shown_fps:.0f} fps")
        if self.rtt_ms is not None:
            parts.append(f"RTT {self.rtt_ms:.0f} ms")
        if max(self.loss_up, self.loss_down) > 0:
            parts.append(f"lost {self.loss_up:.0%}/{self.loss_down:.0%}")
        return ", ".join(parts)


class CallReporter:
    """Makes reports from the counters of a call's parts.

    Args:
        call: the session.
        sender, receiver, microphone, speaker: its parts, as far as they take part.
        clock: seconds on the call's clock.
    """

    def __init__(
        self,
        call: CallSession,
        *,
        sender: SenderSession | None,
        receiver: ReceiverSession | None,
        microphone: SoundSender | None,
        speaker: SoundReceiver | None,
        clock: Callable[[], float],
    ) -> None:
        self._call = call
        self._sender = sender
        self._receiver = receiver
        self._microphone = microphone
        self._speaker = speaker
        self._clock = clock
        self._began = clock()
        self._before = self._counts()

    def report(self) -> CallReport:
        """The time since the last report."""
        before, now = self._before, self._counts()
        self._before = now
        seconds = max(now["at"] - before["at"], 1e-3)
        grown = {name: max(0.0, now[name] - before.get(name, 0.0)) for name in now}
        counted = self._call.statistics
        latencies = self._receiver.statistics.latencies_ms if self._receiver else []
        sound = self._speaker.statistics if self._speaker else None

        def fps(name: str) -> float | None:
            return round(grown[name] / seconds, 1) if name in grown else None

        return CallReport(
            at_s=round(now["at"] - self._began, 2),
            state=self._call.state.value,
            reason=self._call.reason.value,
            captured_fps=fps("captured"),
            sent_fps=fps("sent"),
            received_fps=fps("received"),
            shown_fps=fps("shown"),
            motion_up_kbps=kbps(grown["motion"], seconds),
            sound_up_kbps=kbps(grown["sound"], seconds),
            wire_up_kbps=kbps(grown["up"], seconds),
            wire_down_kbps=kbps(grown["down"], seconds),
            rtt_ms=None if counted.rtt_s is None else round(counted.rtt_s * 1000, 1),
            loss_up=round(counted.motion_loss_there, 3),
            loss_down=round(counted.motion_loss, 3),
            refused=round(counted.refused, 3),
            max_fps_up=counted.max_fps_there,
            max_fps_down=counted.max_fps,
            picture_delay_ms=round(latencies[-1], 1) if latencies else None,
            sound_delay_ms=round(sound.delay_ms, 1) if sound else None,
            sound_jitter_ms=round(sound.jitter_ms, 1) if sound else None,
            concealed_ms=round(grown["concealed"], 1) if sound else None,
            extrapolated=grown.get("extrapolated"),
            skew_ms=_rounded(self._speaker.sync.skew_ms if self._speaker else None),
            reconnects=counted.reconnects,
            photos_kept=self._receiver.statistics.photos_kept if self._receiver else None,
            sound_in_dbfs=_rounded(self._microphone.level_dbfs if self._microphone else None),
            sound_out_dbfs=_rounded(self._speaker.level_dbfs if self._speaker else None),
        )

    def _counts(self) -> dict[str, float]:
        counted = self._call.statistics
        counts: dict[str, float] = {
            "at": self._clock(),
            "motion": counted.payload_bytes_sent,
            "sound": counted.sound_bytes_sent,
            "up": counted.wire_bytes_sent,
            "down": counted.wire_bytes_received,
        }
        if self._sender is not None:
            sent = self._sender.statistics
            counts |= {"captured": sent.captured, "sent": sent.sent}
        if self._receiver is not None:
            received = self._receiver.statistics
            counts |= {
                "received": received.received,
                "shown": received.rendered,
                "extrapolated": received.extrapolated,
            }
        if self._speaker is not None:
            counts["concealed"] = self._speaker.statistics.concealed_ms
        return counts


class ReportFile:
    """Reports as JSON lines.

    Args:
        path: the file; it is begun anew.

    Raises:
        ConfappError: `stats-not-writable`.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file: TextIO = path.open("w", encoding="utf-8")
        except OSError as error:
            raise ConfappError(
                "stats-not-writable",
                f"{path} cannot be written ({error.strerror}): choose another file for --stats.",
            ) from error

    def write(self, report: CallReport) -> None:
        """Add a line; whoever follows the file sees it at once."""
        self._file.write(json.dumps(asdict(report)) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
