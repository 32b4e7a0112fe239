"""What the page and the process say to each other: JSON text, one typed message each."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from confapp.call.hello import MAX_PERSON
from confapp.page.page_phase import PagePhase, RecordingState
from confapp.pose_offset import PoseOffset

MAX_COMMAND_BYTES = 4096
MAX_LINK = 1024
MAX_DEVICE = 64
MAX_ANGLE = 45.0  # degrees
MAX_SHIFT = 0.5  # of half the image

Angle = Annotated[float, Field(ge=-MAX_ANGLE, le=MAX_ANGLE, allow_inf_nan=False)]
Shift = Annotated[float, Field(ge=-MAX_SHIFT, le=MAX_SHIFT, allow_inf_nan=False)]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


# From the page


class Open(_Message):
    """The first message of a tab: the secret of the link."""

    type: Literal["open"] = "open"
    token: str = Field(max_length=MAX_DEVICE)


class Join(_Message):
    """Go from the lobby into the room."""

    type: Literal["join"] = "join"
    room: str = Field(max_length=MAX_LINK)
    name: str = Field(default="", max_length=MAX_PERSON)


class HangUp(_Message):
    """Leave the call, or stop waiting for the other person."""

    type: Literal["hang-up"] = "hang-up"


class Quit(_Message):
    """End the process."""

    type: Literal["quit"] = "quit"


class Guide(_Message):
    """Begin a new source shot, or leave it and keep the old photo."""

    type: Literal["guide"] = "guide"
    on: bool


class TakeSource(_Message):
    """Take the picture now, whatever the hints say."""

    type: Literal["take-source"] = "take-source"


class Turn(_Message):
    """Turn and move the other person's head, as `PoseOffset` (degrees; half images)."""

    type: Literal["turn"] = "turn"
    yaw: Angle = 0.0
    pitch: Angle = 0.0
    roll: Angle = 0.0
    x: Shift = 0.0
    y: Shift = 0.0

    @property
    def offset(self) -> PoseOffset:
        """The same for the renderer."""
        return PoseOffset(self.yaw, self.pitch, self.roll, self.x, self.y)


class FaceMe(_Message):
    """Turn the other person's head so that it looks straight out of the picture now."""

    type: Literal["face-me"] = "face-me"


class SwitchCamera(_Message):
    """Camera on or off; off, nothing is sent and the device is let go."""

    type: Literal["camera"] = "camera"
    on: bool


class Mute(_Message):
    """Send no sound, or sound again."""

    type: Literal["mute"] = "mute"
    on: bool


class ChooseMicrophone(_Message):
    """Another microphone, by the id that the view lists; in the lobby."""

    type: Literal["choose-microphone"] = "choose-microphone"
    id: str = Field(max_length=MAX_DEVICE)


class ChooseCamera(_Message):
    """Another camera, by the id that the view lists."""

    type: Literal["choose-camera"] = "choose-camera"
    id: str = Field(max_length=MAX_DEVICE)


class Record(_Message):
    """Keep the call's pictures, once the other side agreed; or stop."""

    type: Literal["record"] = "record"
    on: bool


class Answer(_Message):
    """Yes or no to what the view asks: a knock at the lobby, or the other side's recording."""

    type: Literal["answer"] = "answer"
    question: Literal["knock", "recording"]
    yes: bool


class SideBySide(_Message):
    """Show own camera, H.264 at the same rate and the rendering next to each other."""

    type: Literal["side-by-side"] = "side-by-side"
    on: bool


Command = (
    Join
    | HangUp
    | Quit
    | Guide
    | TakeSource
    | Turn
    | FaceMe
    | SwitchCamera
    | Mute
    | ChooseMicrophone
    | ChooseCamera
    | Record
    | Answer
    | SideBySide
)

# To the page


class Device(_Message):
    """A camera or microphone that can be chosen."""

    id: str
    label: str


class Source(_Message):
    """The photo that one's own picture is made of.

    Attributes:
        live: taken just now with the camera; else a picture from disk.
        quality: how well it serves, in words.
    """

    live: bool
    quality: str = ""


class View(_Message):
    """Everything that the page shows beside pictures and numbers; sent whole at every change.

    Attributes:
        banner: what the person should know now, in plain words.
        urgent: whether the banner reports trouble.
        muted: None where there is no microphone.
        peer_source: the other side's photo is here.
        peer_live: they did not say that it is a picture from disk.
        question: what is to be answered, if anything.
        account: how the last call went.
    """

    type: Literal["view"] = "view"
    phase: PagePhase
    banner: str = ""
    urgent: bool = False
    room: str = ""
    name: str = ""
    peer_name: str = ""
    cameras: list[Device] = []
    camera: str = ""
    camera_on: bool = True
    microphones: list[Device] = []
    microphone: str = ""
    muted: bool | None = None
    safety_code: str = ""
    guiding: bool = False
    source: Source | None = None
    peer_source: bool = False
    peer_live: bool = True
    trained: bool = True
    recording: RecordingState = RecordingState.OFF
    recording_file: str = ""
    question: Literal["", "knock", "recording"] = ""
    side_by_side: bool = False
    account: list[str] = []


class Offset(_Message):
    """How far the other person's head is turned, when something else than the page turned it."""

    type: Literal["offset"] = "offset"
    yaw: float
    pitch: float
    roll: float
    x: float
    y: float


class Hints(_Message):
    """The guided source shot: what to do next, and where the face is seen.

    Attributes:
        hint: stable id.
        sentence: the same for a person.
        progress: 0 to 1, how long everything has been right.
        square: x, y and side of what is cut out, in shares of the picture's width and height.
    """

    type: Literal["hints"] = "hints"
    hint: str
    sentence: str
    progress: float
    square: tuple[float, float, float, float] | None = None


class Numbers(_Message):
    """Once a second: figures of the call and of the page itself; None where not known.

    Attributes:
        captured_fps, shown_fps: pictures of the camera, and of the other person.
        latency_ms: from capture to rendered, of the newest picture.
        rtt_ms: round trip.
        up_kbps, down_kbps: whole IP datagrams.
        motion_kbps, sound_kbps: coded motion and sound sent, without any header.
        loss: share of the other side's motion messages lost.
        skew_ms: sound minus picture; above zero the sound is ahead.
        shown_share: of the rendered pictures, those that the page showed.
        page_ms: rendered to shown, 95th percentile.
        h264_kbps: what the comparison's H.264 took, headers counted.
    """

    type: Literal["numbers"] = "numbers"
    captured_fps: float | None = None
    shown_fps: float | None = None
    latency_ms: float | None = None
    rtt_ms: float | None = None
    up_kbps: float | None = None
    down_kbps: float | None = None
    motion_kbps: float | None = None
    sound_kbps: float | None = None
    loss: float | None = None
    skew_ms: float | None = None
    shown_share: float | None = None
    page_ms: float | None = None
    h264_kbps: float | None = None


class Level(_Message):
    """Several times a second: how loud the microphone is, in dB below full scale."""

    type: Literal["level"] = "level"
    dbfs: float


class Notice(_Message):
    """Something went wrong that is over now: a photo that could not be read, say."""

    type: Literal["notice"] = "notice"
    error_id: str
    sentence: str


class TakenOver(_Message):
    """The last message to a tab whose place another one took."""

    type: Literal["taken-over"] = "taken-over"


Event = View | Offset | Hints | Numbers | Level | Notice | TakenOver

_COMMAND: TypeAdapter[Command] = TypeAdapter(Annotated[Command, Field(discriminator="type")])


def decode_open(text: str) -> Open:
    """The first message of a tab.

    Raises:
        ValueError: it is something else.
    """
    try:
        return Open.model_validate_json(text)
    except ValidationError as error:
        raise ValueError("a tab's first message opens it") from error


def decode_command(text: str) -> Command:
    """Any later text of a tab.

    Raises:
        ValueError: it is no command; the message names the fields at fault, never their content.
    """
    try:
        return _COMMAND.validate_json(text)
    except ValidationError as error:
        places = sorted({".".join(map(str, fault["loc"])) or "message" for fault in error.errors()})
        raise ValueError(f"no command: {', '.join(places)[:MAX_DEVICE]}") from error
