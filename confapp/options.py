"""The options that commands share, as typer reads them from a signature."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from models.config import DEFAULT_CONFIG

Room = Annotated[str, typer.Argument(metavar="ROOM_URL", help="the link to the room")]
Out = Annotated[Path, typer.Argument(help="the file to write")]
Model = Annotated[
    str, typer.Option(help=f"configuration ({DEFAULT_CONFIG}, ...) or a .safetensors weights file")
]
Untrained = Annotated[bool, typer.Option("--untrained", help="use random weights, to try the road")]
Tables = Annotated[
    Path | None, typer.Option(help="the codec's tables; default: those that go with the model")
]
Codec = Annotated[
    Literal["predictive", "paper"],
    typer.Option(help="how motion is coded: small, or as the paper does it, bit for bit"),
]
Json = Annotated[bool, typer.Option("--json", help="print the result as JSON")]
Yaw = Annotated[float, typer.Option(help="turn the head to the picture's right, degrees")]
Pitch = Annotated[float, typer.Option(help="turn the head up, degrees")]
Roll = Annotated[float, typer.Option(help="tilt the head clockwise, degrees")]

# For a call, None means not given: the environment and the settings file come next.
CallModel = Annotated[
    str | None, typer.Option("--model", help="configuration or weights file; same on both ends")
]
CallUntrained = Annotated[
    bool | None, typer.Option("--untrained", help="use random weights, to try the road")
]
CallCodec = Annotated[
    Literal["predictive", "paper"] | None,
    typer.Option("--codec", help="how motion is coded; same on both ends"),
]
Camera = Annotated[str | None, typer.Option(help="index or path of the webcam")]
Input = Annotated[Path | None, typer.Option("--input", help="a clip in place of the webcam")]
Loop = Annotated[bool | None, typer.Option("--loop", help="play the clip again and again")]
Source = Annotated[
    Path | None, typer.Option(help="your photo; default: the first frame with a face")
]
Window = Annotated[bool | None, typer.Option("--window/--no-window", help="show the other person")]
VirtualCamera = Annotated[
    bool | None,
    typer.Option("--virtual-camera", help="show the other person to other programs, as a camera"),
]
Page = Annotated[
    bool | None,
    typer.Option(
        "--page/--no-page",
        help="open the call in a browser, or in a plain window; default: page at a terminal",
    ),
]
Name = Annotated[str | None, typer.Option(help="what the other person sees you called")]
Record = Annotated[Path | None, typer.Option(help="keep what is seen (.mp4) or received (.fvc)")]
Seconds = Annotated[float | None, typer.Option(help="hang up after this time")]
Passphrase = Annotated[
    str | None,
    typer.Option(envvar="CONFAPP_PASSPHRASE", help="of the room; at least 6 characters"),
]
Audio = Annotated[bool | None, typer.Option("--audio/--no-audio", help="with sound, or without")]
AudioInput = Annotated[Path | None, typer.Option(help="a sound file in place of the microphone")]
AudioOutput = Annotated[Path | None, typer.Option(help="a WAV file in place of the speaker")]
Microphone = Annotated[str | None, typer.Option(help="number or name of the microphone")]
SpeakerName = Annotated[str | None, typer.Option(help="number or name of the speaker")]
RelayOnly = Annotated[
    bool | None, typer.Option("--relay-only", help="hide your address: the TURN server alone")
]
Refresh = Annotated[
    bool | None,
    typer.Option(help="send a better photo, and corrections, where pictures of you are off"),
]
Stats = Annotated[Path | None, typer.Option(help="write figures, a line of JSON a second")]
KeepPhotos = Annotated[
    bool | None,
    typer.Option(
        "--keep-photos/--no-keep-photos",
        help="keep the other person's photo for the next call, or leave nothing on disk",
    ),
]
Threads = Annotated[
    int | None, typer.Option(help="CPU threads of each network; default: its share of the cores")
]

Landmarks = Annotated[Path | None, typer.Option(help="MediaPipe face_landmarker.task")]
