"""Packets in, blocks out, on a clock set by hand."""

import random

import numpy as np
import pytest
from made_sound import vowel

from confapp.call.sound_packet import SoundPacket
from confapp.media.opus import OpusEncoder
from confapp.media.sound_format import PLAY_BLOCK, PLAY_RATE, Samples, level_dbfs
from confapp.opus_plan import OpusPlan
from receiver.sound_playout import SoundPlayout

FRAME_S = 0.02
PLAN = OpusPlan(14_000, 20)
BLOCK_S = PLAY_BLOCK / PLAY_RATE
START = 65_530  # so that sequence numbers wrap
FIRST = (1 << 32) - 5000  # and timestamps


def packets(seconds: float, captured: float = 0.0, start: int = START) -> list[SoundPacket]:
    """A vowel's packets, each arriving when its frame is complete."""
    encoder = OpusEncoder(PLAN)
    sound = vowel(seconds)
    made = []
    for number in range(sound.size // encoder.frame_samples):
        at = captured + number * FRAME_S
        payload = encoder.encode(
            sound[number * encoder.frame_samples : (number + 1) * encoder.frame_samples]
        )
        made.append(
            SoundPacket(
                1,
                (start + number) % (1 << 16),
                (FIRST + round(at * PLAY_RATE)) % (1 << 32),
                payload,
                at + FRAME_S,
            )
        )
    return made


def play(playout: SoundPlayout, arriving: list[SoundPacket], seconds: float) -> Samples:
    """What is heard in this time while packets arrive."""
    waiting = sorted(arriving, key=lambda packet: packet.arrival)
    blocks = []
    for number in range(round(seconds / BLOCK_S)):
        at = number * BLOCK_S
        while waiting and waiting[0].arrival <= at:
            playout.put(waiting.pop(0))
        blocks.append(playout.read(at))
    return np.concatenate(blocks)


def moved(packet: SoundPacket, late_s: float) -> SoundPacket:
    return SoundPacket(
        packet.stream, packet.sequence, packet.timestamp, packet.payload, packet.arrival + late_s
    )


def silent_ms(heard: Samples) -> float:
    """The longest silence between the first sound and the last."""
    loud = [
        level_dbfs(heard[i : i + PLAY_BLOCK // 2]) > -40
        for i in range(0, heard.size, PLAY_BLOCK // 2)
    ]
    first, last = loud.index(True), len(loud) - loud[::-1].index(True)
    longest = run = 0
    for is_loud in loud[first:last]:
        run = 0 if is_loud else run + 1
        longest = max(longest, run)
    return longest * BLOCK_S * 500


def test_sound_that_comes_evenly_is_whole_and_soon() -> None:
    playout = SoundPlayout()
    heard = play(playout, packets(2.0), 3.0)
    assert playout.statistics.received == 100
    assert playout.statistics.longest_gap_ms < 130  # only after the end, while it fades
    assert playout.statistics.delay_ms < 20
    assert silent_ms(heard) == 0
    loud = np.abs(heard) > 500
    assert loud.argmax() / PLAY_RATE < FRAME_S + 0.03


def test_jitter_is_waited_out() -> None:
    chances = random.Random(2)  # noqa: S311
    playout = SoundPlayout()
    uneven = [moved(packet, chances.uniform(0, 0.08)) for packet in packets(6.0)]
    play(playout, uneven[:150], 3.1)
    concealed = playout.statistics.concealed_ms
    for_later = SoundPlayout()
    heard = play(for_later, uneven, 6.5)
    assert for_later.statistics.received + for_later.statistics.late == 300
    assert for_later.statistics.late < 15
    assert 60 < for_later.statistics.delay_ms < 110
    # once the jitter is known, hardly anything is missing
    assert for_later.statistics.concealed_ms - concealed < 0.1 * 3000
    assert silent_ms(heard) < 30


@pytest.mark.parametrize(("share", "longest_ms"), [(0.1, 30), (0.2, 60)])
def test_losses_are_concealed(share: float, longest_ms: float) -> None:
    chances = random.Random(3)  # noqa: S311
    playout = SoundPlayout()
    kept = [packet for packet in packets(6.0) if chances.random() >= share]
    heard = play(playout, kept, 6.5)
    lost = 300 - len(kept)
    assert playout.statistics.received == len(kept)
    assert playout.statistics.concealed_ms == pytest.approx(lost * 20 + 120, abs=80)
    assert silent_ms(heard) < longest_ms


def test_packets_that_overtake_each_other_are_put_in_order() -> None:
    playout = SoundPlayout()
    made = packets(4.0)
    made[60::10] = [moved(packet, 0.03) for packet in made[60::10]]
    play(playout, made, 4.5)
    assert playout.statistics.late <= 6  # until the delay has learned of it
    assert playout.statistics.received >= 194


def test_a_pause_is_silent_and_not_concealed() -> None:
    playout = SoundPlayout()
    before = packets(1.0)
    after = packets(1.0, captured=3.0, start=START + 50)
    heard = play(playout, before + after, 4.5)
    assert playout.statistics.received == 100
    gap = heard[round(1.3 * PLAY_RATE) : round(2.9 * PLAY_RATE)]
    assert not gap.any()
    assert playout.statistics.concealed_ms < 300
    begins = 3.0 + (np.abs(heard[3 * PLAY_RATE :]) > 500).argmax() / PLAY_RATE
    assert begins == pytest.approx(3.0 + FRAME_S + 0.01, abs=0.02)


def test_after_an_outage_it_goes_on_with_what_is_new() -> None:
    playout = SoundPlayout()
    made = packets(6.0)
    play(playout, made[:100] + made[200:], 6.3)
    assert playout.statistics.received == 200
    assert playout.statistics.late == 0


def test_a_new_stream_begins_anew() -> None:
    playout = SoundPlayout()
    play(playout, packets(1.0), 1.2)
    other = [
        SoundPacket(2, 7 + i, 1234 + 960 * i, packet.payload, i * FRAME_S)
        for i, packet in enumerate(packets(1.0))
    ]
    heard = play(playout, other, 1.2)
    assert playout.statistics.received == 100
    assert level_dbfs(heard[PLAY_RATE // 4 : PLAY_RATE // 2]) > -30


def test_rubbish_is_counted_and_concealed() -> None:
    playout = SoundPlayout()
    made = packets(2.0)
    bad = made[50]
    made[50] = SoundPacket(1, bad.sequence, bad.timestamp, b"\xff\xff\xff", bad.arrival)
    heard = play(playout, made, 2.3)
    assert playout.statistics.malformed == 1
    assert playout.statistics.received == 99
    assert silent_ms(heard) < 30


def test_sound_waits_for_its_picture() -> None:
    playout = SoundPlayout(earliest=lambda timestamp: (timestamp - FIRST) / PLAY_RATE + 0.3)
    heard = play(playout, packets(2.0), 3.0)
    begins = (np.abs(heard) > 500).argmax() / PLAY_RATE
    assert begins == pytest.approx(0.3, abs=0.02)
    assert silent_ms(heard) == 0


def test_what_is_heard_is_known() -> None:
    playout = SoundPlayout()
    assert playout.heard(0.0) is None
    play(playout, packets(2.0), 1.0)
    timestamp = playout.heard(1.0)
    assert timestamp is not None
    captured = (timestamp - FIRST) / PLAY_RATE
    assert captured == pytest.approx(1.0 - FRAME_S - playout.statistics.delay_ms / 1000, abs=0.015)
    play(playout, [], 1.0)
    assert playout.heard(1.0) is None


def test_sound_catches_up_when_pictures_are_quicker_again() -> None:
    late_until = FIRST + 2 * PLAY_RATE

    def earliest(timestamp: int) -> float | None:
        delay_s = 0.3 if timestamp < late_until else 0.0
        return (timestamp - FIRST) / PLAY_RATE + delay_s

    playout = SoundPlayout(earliest)
    made = packets(6.0)
    play(playout, made, 5.5)
    timestamp = playout.heard(5.5)
    assert timestamp is not None
    assert 5.5 - (timestamp - FIRST) / PLAY_RATE < FRAME_S + 0.08
    assert playout.statistics.concealed_ms == 0
