"""What a call came to, in numbers."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from confapp.call.call_handlers import EndReason
from receiver.session import ReceiverStatistics
from sender.session import SenderStatistics

BITS = 8
KILO = 1000


@dataclass(frozen=True, slots=True)
class CallSummary:
    """One end's account of a call, from the first motion on; None where it does not apply.

    Attributes:
        model, fingerprint, trained: the networks.
        end: why the call ended; None when it never stood.
        seconds: from the first motion to the end.
        wire_up_kbps, wire_down_kbps: whole IP datagrams in each direction in that time.
        rtt_ms: round trip; latencies are known to half of it.
        loop_lag_ms_p99: how late the event loop was, 99 of 100 times at most.
        sender, receiver: what this end sent and received.
    """

    model: str
    fingerprint: str
    trained: bool
    end: EndReason | None
    seconds: float
    wire_up_kbps: float
    wire_down_kbps: float
    rtt_ms: float | None
    loop_lag_ms_p99: float | None
    sender: SenderStatistics | None
    receiver: ReceiverStatistics | None

    def as_json(self) -> dict[str, Any]:
        """All numbers, with rates and percentiles worked out."""
        numbers = asdict(self)
        if self.sender is not None:
            numbers["sender"] |= _rates(self.sender.payload_bytes, self.sender.sent, self.seconds)
        if self.receiver is not None:
            statistics = numbers["receiver"]
            latencies = statistics.pop("latencies_ms")
            statistics |= _rates(self.receiver.payload_bytes, self.receiver.received, self.seconds)
            statistics["fps"] = self.receiver.fps
            for percent in (50, 95):
                name = f"latency_ms_p{percent}"
                statistics[name] = (
                    round(float(np.percentile(latencies, percent)), 1) if latencies else None
                )
        return numbers

    def lines(self) -> list[str]:
        """The same for a person."""
        numbers = self.as_json()
        lines = []
        if (sent := numbers["sender"]) is not None:
            lines.append(
                f"sent      {sent['sent']} of {sent['captured']} frames, "
                f"{sent['bytes_per_frame']:.1f} B a frame, {sent['payload_kbps']:.1f} kbit/s "
                f"of motion"
            )
            if sent["thinned"]:
                lines.append(
                    f"thinned   {sent['thinned']} frames not sent, the other machine is too slow "
                    f"for them"
                )
            if sent["refresh"]["corrections"]:
                lines.append(
                    f"places    corrected by what {sent['refresh']['frames_learned']} frames told "
                    f"of this person, {sent['refresh']['correction_bytes']} B"
                )
        if (received := numbers["receiver"]) is not None:
            lines.append(
                f"rendered  {received['rendered']} of {received['received']} frames received, "
                f"{received['fps']:.1f} fps"
            )
            if received["latency_ms_p50"] is not None:
                lines.append(
                    f"latency   {received['latency_ms_p50']:.0f} ms (median), "
                    f"{received['latency_ms_p95']:.0f} ms (95 %), capture to rendered"
                )
            if received["steps_down"]:
                lines.append(
                    f"quality   {received['steps_down']} times a step down, this machine is too "
                    f"slow; {received['thinned']} frames left out"
                )
        lines.append(
            f"wire      {self.wire_up_kbps:.1f} kbit/s up, {self.wire_down_kbps:.1f} down, "
            f"all headers and acknowledgements counted"
        )
        return lines


def kbps(size: float, seconds: float) -> float:
    """Bytes in a time as kbit/s."""
    return round(size * BITS / KILO / seconds, 2) if seconds > 0 else 0.0


def _rates(payload_bytes: int, frames: int, seconds: float) -> dict[str, float]:
    return {
        "payload_kbps": kbps(payload_bytes, seconds),
        "bytes_per_frame": round(payload_bytes / frames, 2) if frames else 0.0,
    }
