"""The account of a call, worked by hand."""

import pytest

from confapp.call.call_handlers import EndReason
from confapp.call_summary import CallSummary, kbps
from receiver.session import ReceiverStatistics
from sender.session import SenderStatistics


@pytest.fixture
def summary() -> CallSummary:
    return CallSummary(
        model="lite-256",
        fingerprint="0123456789abcdef",
        trained=True,
        end=EndReason.CLOSED,
        seconds=10.0,
        wire_up_kbps=40.0,
        wire_down_kbps=20.0,
        rtt_ms=3.0,
        loop_lag_ms_p99=1.5,
        sender=SenderStatistics(captured=250, sent=200, payload_bytes=20_000),
        receiver=ReceiverStatistics(
            received=190,
            rendered=101,
            payload_bytes=19_000,
            latencies_ms=[float(ms) for ms in range(101)],
            first_rendered=5.0,
            last_rendered=15.0,
        ),
    )


def test_rates_and_percentiles(summary: CallSummary) -> None:
    numbers = summary.as_json()
    assert numbers["sender"]["payload_kbps"] == 16  # 20,000 B * 8 / 10 s
    assert numbers["sender"]["bytes_per_frame"] == 100
    assert numbers["receiver"]["fps"] == 10  # 100 intervals in 10 s
    assert numbers["receiver"]["latency_ms_p50"] == 50
    assert numbers["receiver"]["latency_ms_p95"] == 95
    assert "latencies_ms" not in numbers["receiver"]


def test_a_person_reads_the_same(summary: CallSummary) -> None:
    text = "\n".join(summary.lines())
    assert "200 of 250 frames, 100.0 B a frame, 16.0 kbit/s" in text
    assert "101 of 190 frames received, 10.0 fps" in text
    assert "50 ms (median), 95 ms (95 %)" in text
    assert "40.0 kbit/s up, 20.0 down" in text


def test_steps_down_are_told(summary: CallSummary) -> None:
    assert "quality" not in "\n".join(summary.lines())
    assert summary.receiver is not None
    summary.receiver.steps_down, summary.receiver.thinned = 2, 30
    assert "2 times a step down" in "\n".join(summary.lines())
    assert "30 frames left out" in "\n".join(summary.lines())


def test_frames_left_out_for_the_other_side_are_told(summary: CallSummary) -> None:
    assert "thinned" not in "\n".join(summary.lines())
    assert summary.sender is not None
    summary.sender.thinned = 50
    assert "50 frames not sent, the other machine is too slow" in "\n".join(summary.lines())


def test_corrected_places_are_told(summary: CallSummary) -> None:
    assert "places" not in "\n".join(summary.lines())
    assert summary.sender is not None
    refresh = summary.sender.refresh
    refresh.frames_learned, refresh.corrections, refresh.correction_bytes = 7, 1, 512
    assert "corrected by what 7 frames told of this person, 512 B" in "\n".join(summary.lines())


def test_nothing_happened() -> None:
    assert kbps(100, 0.0) == 0
    assert ReceiverStatistics(rendered=1, first_rendered=1.0, last_rendered=1.0).fps == 0
