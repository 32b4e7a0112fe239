"""Predictive mode: each frame told from one that the receiver is known to hold."""

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import replace

from confapp.codec.code_word import Encoder, code_word, decoder_of
from confapp.codec.counter import WrappingCounter
from confapp.codec.errors import (
    MalformedPacketError,
    MissingReferenceError,
    PacketError,
    StalePacketError,
)
from confapp.codec.frame_coder import FrameAccount, FrameCoder
from confapp.codec.motion_codec import CodecMode, ReadFrame
from confapp.codec.motion_state import MotionState
from confapp.codec.packet import COUNTER_MODULUS
from confapp.codec.prediction_tables import PredictionTables
from confapp.codec.predictive_message import (
    HEADER_BYTES,
    MAX_DISTANCE,
    MAX_FRAMES,
    PredictiveMessage,
)
from confapp.motion_frame import MotionFrame

# States that each end keeps: no reference is more than 255 frames back, and a state is 1.1 KB.
HELD = MAX_DISTANCE + 1
# Frames between two that are told from nothing without being asked for, 20 s at 25 a second: there
# a receiver that has lost everything, or a recorder that starts late, can begin.
KEY_FRAMES = 500


class PredictiveCodec:
    """The mode with its tables; see `MotionCodec`.

    Args:
        tables: of both ends; they bound the keypoints of a frame.
    """

    mode = CodecMode.PREDICTIVE
    max_frames = MAX_FRAMES
    header_bytes = HEADER_BYTES

    def __init__(self, tables: PredictionTables) -> None:
        self.tables = tables
        self._coder = FrameCoder(tables)

    @property
    def fingerprint(self) -> str:
        """Of the tables."""
        return self.tables.fingerprint

    def encoder(self) -> "PredictiveEncoder":
        """A new stream to send."""
        return PredictiveEncoder(self._coder)

    def decoder(self) -> "PredictiveDecoder":
        """A new stream to receive."""
        return PredictiveDecoder(self._coder)


class PredictiveEncoder:
    """The sending end: tells frames from the newest one that was acknowledged.

    Attributes:
        level: of the quantiser, 0 (default quality) to 7 (coarsest); set it at any time.
        repeats: each message carries the frames of the one before again, as far as there is room
            and no acknowledgement of them, which costs no further headers; set it at any time.
        next_number: of the next frame.
    """

    def __init__(self, coder: FrameCoder) -> None:
        self.level = 0
        self.repeats = False
        self.next_number = 0
        self._key_number = 0  # of the next frame that is told from nothing in any case
        self._coder = coder
        self._sent: OrderedDict[int, MotionState] = OrderedDict()  # last frames of messages
        self._reference: tuple[int, MotionState] | None = None
        self._last: Sequence[MotionFrame] = ()  # the new frames of the last message

    def encode(self, motions: Sequence[MotionFrame]) -> bytes:
        """One message of 1 to 6 frames, which are numbered on from the last message's.

        Timestamps travel modulo 65536 ms.

        Raises:
            ValueError: another number of frames, or more keypoints than the tables'.
        """
        if not 1 <= len(motions) <= MAX_FRAMES:
            raise ValueError(f"a message carries 1 to {MAX_FRAMES} frames, not {len(motions)}")
        for motion in motions:
            if motion.keypoints > self._coder.tables.keypoints:
                raise ValueError(
                    f"the tables tell up to {self._coder.tables.keypoints} keypoints, "
                    f"not {motion.keypoints}"
                )
        again = self._again(MAX_FRAMES - len(motions))
        self._last = motions
        self.next_number += len(motions)
        motions = [*again, *motions]
        first_number = self.next_number - len(motions)
        distance, state = 0, self._coder.tables.root
        if self._reference is not None and first_number < self._key_number:
            number, held = self._reference
            if first_number - number <= MAX_DISTANCE:
                distance, state = first_number - number, held
        if not distance:
            self._key_number = first_number + KEY_FRAMES
        reference_check = state.check

        encoder = Encoder()
        for position, motion in enumerate(motions):
            state = self._coder.encode(
                encoder, motion, state, 1 if position else distance, self.level
            )
        self._sent[self.next_number - 1] = state
        if len(self._sent) > HELD:
            self._sent.popitem(last=False)
        message = PredictiveMessage(
            first_number % COUNTER_MODULUS, len(motions), distance, 0, code_word(encoder)
        )
        return replace(message, check=message.check_of(reference_check)).to_bytes()

    def _again(self, most: int) -> Sequence[MotionFrame]:
        """The frames of the last message that are worth sending again, oldest first."""
        if not self.repeats:
            return ()
        known = self._reference[0] if self._reference is not None else -1
        count = min(most, len(self._last), self.next_number - 1 - known)
        return self._last[len(self._last) - count :]

    def acknowledge(self, message: bytes) -> None:
        """The other end has this message of ours; anything else is passed over."""
        try:
            last = PredictiveMessage.from_bytes(message).last_number
        except PacketError:
            return
        # the newest number with these 16 bits that was sent
        newest = self.next_number - 1
        number = newest - (newest - last) % COUNTER_MODULUS
        state = self._sent.get(number)
        if state is None or (self._reference is not None and number <= self._reference[0]):
            return
        self._reference = number, state
        while self._sent and next(iter(self._sent)) <= number:
            self._sent.popitem(last=False)

    def begin_anew(self) -> None:
        """Tell the next frame from nothing; what was sent up to now is not referred to again."""
        self._reference = None
        self._sent.clear()
        self._last = ()

    @property
    def reference_number(self) -> int | None:
        """The frame that the next one is told from; None before any was acknowledged."""
        return self._reference[0] if self._reference is not None else None


class PredictiveDecoder:
    """The receiving end. A message is read if and only if its reference is held.

    It holds the last frames of 256 messages, and the reference in use. Counting starts at the first
    message's 16 bits, so a reader that joins late is off by a constant.
    """

    def __init__(self, coder: FrameCoder) -> None:
        self._coder = coder
        self._numbers = WrappingCounter()
        self._timestamps = WrappingCounter()
        self._held: OrderedDict[int, MotionState] = OrderedDict()  # by number modulo 65536
        self._anchor: int | None = None  # the reference in use; kept however old
        self._newest: int | None = None  # modulo 65536
        self._known: deque[int] = deque(maxlen=HELD)  # numbers of frames that were read

    def read(self, message: bytes, passed_ms: int = 0) -> list[ReadFrame]:
        """The frames of a message, oldest first, but for those that were read before.

        Args:
            message: as it came.
            passed_ms: as `MotionDecoder`.

        Raises:
            MissingReferenceError: the frame that it is told from is not here.
            PacketError: it cannot be read, or is older than the first message's zero.
        """
        return [frame for frame, _ in self.read_with_accounts(message, passed_ms)]

    def read_with_accounts(
        self, message: bytes, passed_ms: int = 0
    ) -> list[tuple[ReadFrame, FrameAccount]]:
        """The same, with what each frame cost."""
        read = PredictiveMessage.from_bytes(message)
        states, accounts = self._decode(read)
        new: list[tuple[ReadFrame, FrameAccount]] = []
        for position, (state, account) in enumerate(zip(states, accounts, strict=True)):
            number = self._numbers.unwrap((read.first_number + position) % COUNTER_MODULUS)
            if number in self._known:
                continue
            timestamp_ms = self._timestamps.unwrap(state.timestamp_ms, 0 if new else passed_ms)
            if number < 0 or timestamp_ms < 0:
                raise StalePacketError("The packet is older than the stream as seen here; drop it.")
            motion = replace(state.motion(), timestamp_ms=timestamp_ms)
            new.append((ReadFrame(number, motion), account))
        self._hold(read, states[-1])
        self._known.extend(frame.number for frame, _ in new)
        return new

    def _decode(self, read: PredictiveMessage) -> tuple[list[MotionState], list[FrameAccount]]:
        state = self._reference_of(read)
        decoder = decoder_of(read.word)
        states, accounts = [], []
        try:
            for position in range(read.frames):
                state, account = self._coder.decode(
                    decoder, state, 1 if position else read.distance
                )
                states.append(state)
                accounts.append(account)
        except AssertionError as error:  # constriction's way of saying: a point outside the code
            raise MalformedPacketError("The packet's payload is damaged; drop it.") from error
        return states, accounts

    def _reference_of(self, read: PredictiveMessage) -> MotionState:
        state: MotionState | None = self._coder.tables.root
        if read.distance:
            state = self._held.get((read.first_number - read.distance) % COUNTER_MODULUS)
        if state is not None and read.check == read.check_of(state.check):
            return state
        if not self._is_ahead(read):
            raise StalePacketError("The packet comes too late to be read; drop it.")
        raise MissingReferenceError(
            "The packet is told from a frame that is not here, or damaged; drop it."
        )

    def _is_ahead(self, read: PredictiveMessage) -> bool:
        if self._newest is None:
            return True
        return 0 < (read.last_number - self._newest) % COUNTER_MODULUS < COUNTER_MODULUS // 2

    def _hold(self, read: PredictiveMessage, state: MotionState) -> None:
        self._held[read.last_number] = state
        if self._is_ahead(read):
            self._newest = read.last_number
            if read.distance:
                self._anchor = (read.first_number - read.distance) % COUNTER_MODULUS
        while len(self._held) > HELD:
            oldest = next(iter(self._held))
            if oldest == self._anchor:
                self._held.move_to_end(oldest)
            else:
                del self._held[oldest]
