"""What H.264 makes of the same pictures at the same wire rate: real x264, there and back."""

from collections import deque
from fractions import Fraction

import av
import numpy as np

from confapp.media.video_frame import RgbImage

CODEC = "libx264"
PRESET = "veryfast"
WINDOW_MS = 3000  # over which the rate is measured
HEADER_BYTES = 20 + 8 + 12  # IP, UDP and RTP of each packet
PACKET_BYTES = 1200  # of payload at most, as WebRTC cuts a frame
LEAST_KBPS = 1.0  # x264 takes no less
RETUNE_SHARE = 0.25  # bits a frame that are off by more begin a new stream,
RETUNE_MS = 3000  # but not sooner than this, since it begins with a key frame
NOMINAL_FPS = 25.0  # until the true rate is known
TIME_BASE = Fraction(1, 1000)
BITS = 8


class H264Comparison:
    """A low-latency H.264 stream of framed pictures whose packets go nowhere.

    Args:
        size: side of the pictures in pixels, even.
    """

    def __init__(self, size: int) -> None:
        if size % 2:
            raise ValueError(f"H.264 wants even sizes, not {size}")
        self._size = size
        self._frame_bits = 0.0
        self._begun_ms = 0
        self._sent: deque[tuple[int, int]] = deque()  # time in ms, bytes with headers
        self._started_ms: int | None = None
        self._last_ms = -1
        self._encoder: av.VideoCodecContext | None = None
        self._decoder: av.VideoCodecContext | None = None

    @property
    def kbps(self) -> float | None:
        """Wire rate of the last seconds; None before a second has passed."""
        if self._started_ms is None or self._last_ms - self._started_ms < 1000:
            return None
        length_ms = min(WINDOW_MS, self._last_ms - self._started_ms)
        return sum(size for _, size in self._sent) * BITS / length_ms

    def picture(self, rgb: RgbImage, timestamp_ms: int, wire_kbps: float) -> RgbImage | None:
        """What the other side would see of a picture.

        Args:
            rgb: (size, size, 3) uint8.
            timestamp_ms: rising.
            wire_kbps: that the stream may take with all headers.

        Returns:
            (size, size, 3) uint8; None when the codec gave none.
        """
        rate = self._frames_a_second()
        bits = max(LEAST_KBPS * 1000 / rate, wire_kbps * 1000 / rate - HEADER_BYTES * BITS)
        off = abs(bits - self._frame_bits) > RETUNE_SHARE * self._frame_bits
        if self._encoder is None or (off and timestamp_ms - self._begun_ms >= RETUNE_MS):
            self._begun_ms = timestamp_ms
            self._begin(bits, rate)
        assert self._encoder is not None and self._decoder is not None  # noqa: S101 (begun)
        if self._started_ms is None:
            self._started_ms = timestamp_ms
        self._last_ms = max(timestamp_ms, self._last_ms + 1)
        frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
        frame.pts, frame.time_base = self._last_ms, TIME_BASE
        packets = self._encoder.encode(frame)
        size = sum(
            packet.size + HEADER_BYTES * -(-packet.size // PACKET_BYTES) for packet in packets
        )
        self._sent.append((self._last_ms, size))
        while self._sent[0][0] < self._last_ms - WINDOW_MS:
            self._sent.popleft()
        decoded = [picture for packet in packets for picture in self._decoder.decode(packet)]
        if not decoded:
            return None
        return decoded[-1].to_ndarray(format="rgb24").astype(np.uint8, copy=False)

    def _frames_a_second(self) -> float:
        if len(self._sent) < 2:
            return NOMINAL_FPS
        return (len(self._sent) - 1) * 1000 / max(1, self._sent[-1][0] - self._sent[0][0])

    def _begin(self, frame_bits: float, rate: float) -> None:
        """x264 counts frames and looks at no times, so it is told how many come in a second."""
        self._frame_bits = frame_bits
        fps = max(1, round(rate))
        bits = max(1000, round(frame_bits * fps))
        encoder = av.CodecContext.create(CODEC, "w")
        assert isinstance(encoder, av.VideoCodecContext)  # noqa: S101 (a video codec)
        encoder.width = encoder.height = self._size
        encoder.pix_fmt = "yuv420p"
        encoder.time_base = TIME_BASE
        encoder.framerate = Fraction(fps)
        encoder.bit_rate = bits
        encoder.thread_count = 1
        encoder.options = {
            "preset": PRESET,
            "tune": "zerolatency",
            "maxrate": str(bits),
            "bufsize": str(bits),  # one second, so that the first picture fits
            "g": "100000",  # as in a call: one key frame, and then on demand
        }
        decoder = av.CodecContext.create("h264", "r")
        assert isinstance(decoder, av.VideoCodecContext)  # noqa: S101 (a video codec)
        decoder.thread_count = 1
        decoder.options = {"flags": "low_delay"}
        self._encoder, self._decoder = encoder, decoder
