"""One message of a stream in figures, of either mode."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from confapp.codec.container import FvcHeader
from confapp.codec.counter import WrappingCounter
from confapp.codec.frame_coder import FrameAccount
from confapp.codec.motion_codec import CodecMode
from confapp.codec.packet import HEADER_BYTES, Packet
from confapp.codec.prediction_tables import PredictionTables
from confapp.codec.predictive_message import HEADER_BYTES as PREDICTIVE_HEADER_BYTES
from confapp.codec.predictive_message import PredictiveMessage
from confapp.codec.predictive_mode import PredictiveCodec

BITS = 8
PARTS = ("timestamp", "activity", "rotation", "translation", "deformations")


@dataclass(frozen=True, slots=True)
class MessageFigures:
    """What a message holds.

    Attributes:
        number: of the first frame, modulo 65536.
        frames: how many.
        distance: to the first frame's reference; 0 for a frame that is told from nothing.
        header_bytes, payload_bytes: its size.
        times_ms: of the frames; empty where tables are needed to know them and are missing, and
            so are all of the following.
        keypoints, levels: of the frames.
        parts: bytes of information in each part of the frames (`PARTS`); paper mode has no parts.
    """

    number: int
    frames: int
    distance: int
    header_bytes: int
    payload_bytes: int
    times_ms: tuple[int, ...] = ()
    keypoints: tuple[int, ...] = ()
    levels: tuple[int, ...] = ()
    parts: tuple[float, ...] = ()


ReadFigures = Callable[[bytes], MessageFigures]


def figures_reader(header: FvcHeader, tables: PredictionTables | None) -> ReadFigures:
    """What reads the messages of a file, in the file's order; it raises `PacketError`.

    Args:
        tables: those that coded a predictive stream; None when they are not at hand.
    """
    if header.mode is CodecMode.PAPER:
        return _paper_reader()
    return _sizes_of if tables is None else _predictive_reader(tables)


def _paper_reader() -> ReadFigures:
    clock = WrappingCounter()

    def read(message: bytes) -> MessageFigures:
        packet = Packet.from_bytes(message)
        return MessageFigures(
            number=packet.frame_number,
            frames=1,
            distance=0,
            header_bytes=HEADER_BYTES,
            payload_bytes=len(packet.payload),
            times_ms=(clock.unwrap(packet.timestamp_ms),),
            keypoints=(packet.keypoints,),
        )

    return read


def _sizes_of(message: bytes) -> MessageFigures:
    read = PredictiveMessage.from_bytes(message)
    return MessageFigures(
        number=read.first_number,
        frames=read.frames,
        distance=read.distance,
        header_bytes=PREDICTIVE_HEADER_BYTES,
        payload_bytes=len(read.word),
    )


def _predictive_reader(tables: PredictionTables) -> ReadFigures:
    decoder = PredictiveCodec(tables).decoder()

    def read(message: bytes) -> MessageFigures:
        sizes = _sizes_of(message)
        frames = decoder.read_with_accounts(message)
        accounts = [account for _, account in frames]
        return MessageFigures(
            number=sizes.number,
            frames=sizes.frames,
            distance=sizes.distance,
            header_bytes=sizes.header_bytes,
            payload_bytes=sizes.payload_bytes,
            times_ms=tuple(frame.motion.timestamp_ms for frame, _ in frames),
            keypoints=tuple(account.keypoints for account in accounts),
            levels=tuple(account.level for account in accounts),
            parts=_parts(accounts),
        )

    return read


def _parts(accounts: list[FrameAccount]) -> tuple[float, ...]:
    bits: Counter[str] = Counter()
    for account in accounts:
        for part in PARTS:
            bits[part] += getattr(account, part)
    return tuple(bits[part] / BITS for part in PARTS)
