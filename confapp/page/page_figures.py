"""The figures that the page shows once a second."""

from collections import deque

from confapp.call_report import CallReport
from confapp.page.messages import Numbers
from confapp.page.picture_stream import PictureKind, PictureStream

RATE_READINGS = 5  # seconds that the comparison's rate rests on


class PageFigures:
    """Puts the call's report and the page's own counters together.

    Args:
        pictures: what the page is shown.
    """

    def __init__(self, pictures: PictureStream) -> None:
        self._pictures = pictures
        self._up_kbps: deque[float] = deque(maxlen=RATE_READINGS)

    def read(self, report: CallReport | None, h264_kbps: float | None) -> Numbers:
        """The figures now.

        Args:
            report: of the call's last second; None without a call.
            h264_kbps: what the comparison's H.264 takes.
        """
        lane = self._pictures.statistics(PictureKind.REMOTE)
        numbers = Numbers() if report is None else self._of_report(report)
        return numbers.model_copy(
            update={
                "shown_share": round(lane.shown / lane.offered, 3) if lane.offered else None,
                "page_ms": lane.delay_ms(95),
                "h264_kbps": None if h264_kbps is None else round(h264_kbps, 1),
            }
        )

    def wire_kbps(self) -> float:
        """What the call sends, headers, sound and acknowledgements counted; from any thread."""
        readings = list(self._up_kbps)
        return sum(readings) / len(readings) if readings else 0.0

    def _of_report(self, report: CallReport) -> Numbers:
        self._up_kbps.append(report.wire_up_kbps)
        return Numbers(
            captured_fps=report.captured_fps,
            shown_fps=report.shown_fps,
            latency_ms=report.picture_delay_ms,
            rtt_ms=report.rtt_ms,
            up_kbps=report.wire_up_kbps,
            down_kbps=report.wire_down_kbps,
            motion_kbps=report.motion_up_kbps,
            sound_kbps=report.sound_up_kbps,
            loss=report.loss_down,
            skew_ms=report.skew_ms,
        )
