"""Opus (RFC 6716) at the low end of its rates, by FFmpeg's libopus."""

from fractions import Fraction

import av
import numpy as np

from confapp.media.sound_format import CAPTURE_RATE, PLAY_RATE, Samples
from confapp.opus_plan import OpusPlan

MAX_OPUS_BYTES = 1275  # of one frame (RFC 6716 section 3.4)


class OpusEncoder:
    """Codes frames of one plan.

    Attributes:
        plan: as given.
        frame_samples: samples of a frame at the capture rate.
    """

    def __init__(self, plan: OpusPlan) -> None:
        self.plan = plan
        self.frame_samples = CAPTURE_RATE * plan.frame_ms // 1000
        self._codec = av.CodecContext.create("libopus", "w")
        assert isinstance(self._codec, av.AudioCodecContext)  # noqa: S101 (for the type checker)
        self._codec.sample_rate = CAPTURE_RATE
        self._codec.layout = "mono"
        self._codec.format = "s16"
        self._codec.bit_rate = plan.bitrate
        self._codec.options = {
            "application": "voip",
            "frame_duration": str(plan.frame_ms),
            "vbr": "constrained",
        }
        self._at = 0

    def encode(self, samples: Samples) -> bytes:
        """The packet of one frame, `frame_samples` long."""
        if samples.shape != (self.frame_samples,):
            raise ValueError(f"a frame has {self.frame_samples} samples, not {samples.shape}")
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="s16", layout="mono")
        frame.sample_rate = CAPTURE_RATE
        frame.pts = self._at
        frame.time_base = Fraction(1, CAPTURE_RATE)
        self._at += samples.size
        return b"".join(bytes(packet) for packet in self._codec.encode(frame))


class OpusDecoder:
    """Decodes packets, one after the other."""

    def __init__(self) -> None:
        self._codec = av.CodecContext.create("libopus", "r")
        assert isinstance(self._codec, av.AudioCodecContext)  # noqa: S101 (for the type checker)
        self._codec.sample_rate = PLAY_RATE
        self._codec.layout = "mono"
        self._codec.format = "s16"

    def decode(self, payload: bytes) -> Samples:
        """Samples at the play rate.

        Raises:
            ValueError: not a packet of Opus.
        """
        if not 1 <= len(payload) <= MAX_OPUS_BYTES:
            raise ValueError(f"a packet of Opus has 1 to {MAX_OPUS_BYTES} bytes")
        try:
            frames = self._codec.decode(av.Packet(payload))
        except av.FFmpegError as error:
            raise ValueError("not a packet of Opus") from error
        if not frames:
            raise ValueError("a packet of Opus without sound")
        decoded = np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])
        return decoded.astype(np.int16, copy=False)
