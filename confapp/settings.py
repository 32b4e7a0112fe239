"""Every setting of a call in one typed place: defaults < file < environment < flags."""

from pathlib import Path
from typing import Any

from platformdirs import user_config_path
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from confapp.call.hello import MAX_PERSON
from confapp.codec import CodecMode
from confapp.errors import ConfappError
from models.config import DEFAULT_CONFIG

SETTINGS_FILE = "confapp.toml"


class CallSettings(BaseSettings):
    """One person's end of a call.

    `confapp.toml` in the user's configuration folder holds the same names; the environment has
    them as `CONFAPP_...`.

    Attributes:
        model: configuration name or weights file; the same on both ends.
        untrained: go on with random weights where there are no trained ones.
        codec: how motion is coded; the same on both ends.
        tables: of the codec; None for those that belong to the model.
        camera: index or path of the webcam.
        input: a clip in place of the camera.
        loop: play the clip again and again.
        source: the photo that the other side animates; None for the first good frame.
        window: show the other person in a window.
        virtual_camera: show the other person to other programs, as a camera.
        page: the local web page in place of the window; None: where a person is at a terminal.
        name: what the other person sees you called.
        record: .mp4 keeps the pictures; .fvc (receiving only) the packets themselves.
        seconds: hang up this long after the call stands; None to go on until somebody leaves.
        threads: CPU threads of each network at work; None for as many as there are cores, or half
            as many in a call both ways, where two are.
        passphrase: of the room, if it has one.
        audio: False for a call without sound; True to insist on it; None for what there is.
        audio_input: a sound file in place of the microphone; None for the clip's own sound where
            there is a clip, else the microphone.
        audio_output: a WAV file in place of the speaker.
        microphone, speaker: number or name of the device; None for the default.
        relay_only: go through the TURN server alone, so that the other side learns no address.
        refresh: look at what the other side sees, send another photo where the first no longer
            explains what the camera sees, and tell where pictures show things beside their place.
        stats: a file for the call's figures, a line of JSON a second.
        keep_photos: keep the other people's photos in the user's cache folder, so that they need
            not send them again in the next call; False leaves nothing of them on disk.
    """

    model_config = SettingsConfigDict(
        env_prefix="CONFAPP_", extra="forbid", frozen=True, protected_namespaces=()
    )

    model: str = DEFAULT_CONFIG
    untrained: bool = False
    codec: CodecMode = CodecMode.PREDICTIVE
    tables: Path | None = None
    camera: str = Field(default="0", coerce_numbers_to_str=True)
    input: Path | None = None
    loop: bool = False
    source: Path | None = None
    window: bool = True
    virtual_camera: bool = False
    page: bool | None = None
    name: str = Field(default="", max_length=MAX_PERSON)
    record: Path | None = None
    seconds: float | None = Field(default=None, gt=0)
    threads: int | None = Field(default=None, ge=1)
    passphrase: SecretStr | None = None
    audio: bool | None = None
    audio_input: Path | None = None
    audio_output: Path | None = None
    microphone: str | None = Field(default=None, coerce_numbers_to_str=True)
    speaker: str | None = Field(default=None, coerce_numbers_to_str=True)
    relay_only: bool = False
    refresh: bool = True
    stats: Path | None = None
    keep_photos: bool = True

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags before the environment before the file."""
        file = user_config_path("confapp") / SETTINGS_FILE
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, file)

    @classmethod
    def from_flags(cls, **flags: Any) -> "CallSettings":
        """Settings with the flags that were given; None means not given.

        Raises:
            ConfappError: `settings-invalid`, naming the first setting that is wrong.
        """
        try:
            return cls(**{name: value for name, value in flags.items() if value is not None})
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"]) or "settings"
            raise ConfappError(
                "settings-invalid",
                f"The setting {name!r} is wrong ({first['msg']}): correct it in {SETTINGS_FILE}, "
                "in the environment (CONFAPP_...) or on the command line.",
            ) from error
        except (ValueError, OSError) as error:  # the file is not TOML, or not ours to read
            reason = (error.strerror if isinstance(error, OSError) else None) or error
            raise ConfappError(
                "settings-unreadable",
                f"{user_config_path('confapp') / SETTINGS_FILE} cannot be read ({reason}): "
                "correct it or take it away.",
            ) from error
