"""The handshake: what each side says of itself first, and whether the two can hold a call."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from confapp.errors import ConfappError

PROTOCOL_VERSION = 1
MAX_NAME = 128  # characters
MAX_PERSON = 40  # characters


class Hello(BaseModel):
    """The first message of each side on the control channel.

    Everything but the protocol version has a default, so that the hello of another protocol
    version can still be read as far as it goes, and be told from garbage.

    Attributes:
        protocol: version of everything that the two sides say to each other.
        app: version of confapp.
        person: what the person at this side wants to be called.
        session: names this side's session, at random: who comes back with the same name still has
            all that was sent to it.
        sends, receives: whether this side sends motion, and whether it renders what it receives.
        model_name, model_fingerprint: the weights in use.
        codec: how motion is coded (`CodecMode`).
        tables_fingerprint: the tables of the codec in use.
        keypoints: how many keypoints this side sends (K).
        takes_corrections: this side corrects where its pictures show things by what you send.
        keeps_photos: this side keeps photos from call to call: announce yours, and send it when
            asked.
    """

    model_config = ConfigDict(frozen=True)

    type: Literal["hello"] = "hello"
    protocol: int = PROTOCOL_VERSION
    app: str = Field(default="", max_length=MAX_NAME)
    person: str = Field(default="", max_length=MAX_PERSON)
    session: str = Field(default="", max_length=MAX_NAME)
    sends: bool = False
    receives: bool = False
    model_name: str = Field(default="", max_length=MAX_NAME)
    model_fingerprint: str = Field(default="", max_length=MAX_NAME)
    codec: str = Field(default="", max_length=MAX_NAME)
    tables_fingerprint: str = Field(default="", max_length=MAX_NAME)
    keypoints: int = Field(default=0, ge=0)
    takes_corrections: bool = False
    keeps_photos: bool = False


def check(mine: Hello, theirs: Hello) -> None:
    """Whether a call can be held. Both sides come to the same verdict.

    Raises:
        ConfappError: `protocol-mismatch`, `model-mismatch`, `codec-mismatch`, `tables-mismatch`,
            or `nothing-to-do` when neither side sends what the other receives.
    """
    if mine.protocol != theirs.protocol:
        raise ConfappError(
            "protocol-mismatch",
            f"This side speaks protocol {mine.protocol} (confapp {_shown(mine.app)}), the other "
            f"{theirs.protocol} (confapp {_shown(theirs.app)}): "
            "install the same version of confapp on both sides.",
        )
    if mine.model_fingerprint != theirs.model_fingerprint:
        raise ConfappError(
            "model-mismatch",
            f"This side uses the model {_model(mine)}, the other {_model(theirs)}: "
            "use the same model and weights on both sides.",
        )
    if mine.codec != theirs.codec:
        raise ConfappError(
            "codec-mismatch",
            f"This side codes motion in {_shown(mine.codec)} mode, the other in "
            f"{_shown(theirs.codec)} mode: give the same --codec on both sides.",
        )
    if mine.tables_fingerprint != theirs.tables_fingerprint:
        raise ConfappError(
            "tables-mismatch",
            f"This side uses the codec tables {_shown(mine.tables_fingerprint)}, the other "
            f"{_shown(theirs.tables_fingerprint)}: use the same tables on both sides.",
        )
    if not (mine.sends and theirs.receives) and not (theirs.sends and mine.receives):
        raise ConfappError(
            "nothing-to-do",
            f"This side {_role(mine)} and the other {_role(theirs)}, so there is nothing to pass "
            "on: let one side send and the other receive.",
        )


def _model(hello: Hello) -> str:
    return f"{_shown(hello.model_name)} ({_shown(hello.model_fingerprint[:16])})"


def _role(hello: Hello) -> str:
    verbs = [verb for verb, does in (("sends", hello.sends), ("receives", hello.receives)) if does]
    return f"only {verbs[0]}" if len(verbs) == 1 else " and ".join(verbs) or "does neither"


def _shown(text: str) -> str:
    """Text from the network, safe to print on a terminal."""
    return "".join(letter for letter in text if letter.isprintable()) or "unknown"
