"""The sound of a call from its settings: which microphone and speaker, or which files."""

import contextlib
from collections.abc import Callable

from confapp.errors import ConfappError
from confapp.media.clip import Clip
from confapp.media.microphone import Microphone
from confapp.media.sound_device import port_audio
from confapp.media.sound_file import PacedSound, has_sound, read_sound
from confapp.media.sound_source import SoundSource
from confapp.media.speaker import Playout, SoundFileSpeaker, Speaker
from confapp.settings import CallSettings
from receiver.sound_session import OpenSpeaker

Notify = Callable[[str], None]


def open_sound(
    settings: CallSettings,
    clock: Callable[[], float],
    clip_started: Callable[[], float | None],
    notify: Notify,
) -> SoundSource | None:
    """The sound file of the settings, else the clip's own sound, else the microphone.

    Args:
        settings: of the call.
        clock: seconds on the call's clock.
        clip_started: when the clip began to play; None while it has not.
        notify: takes a sentence for the person.

    Returns:
        None where there shall be none, or where no microphone is found and none was asked for.

    Raises:
        ConfappError: a file or device that was asked for cannot be used.
    """
    if settings.audio is False:
        return None
    if settings.audio_input is not None:
        sound = read_sound(settings.audio_input)
        if settings.audio_input == settings.input:
            return _of_clip(settings, clock, clip_started)
        return PacedSound(sound, loop=settings.loop, now=clock)
    if settings.input is not None:
        return _of_clip(settings, clock, clip_started) if has_sound(settings.input) else None
    try:
        return Microphone(settings.microphone, clock)
    except ConfappError as error:
        _without(settings, settings.microphone, error, notify)
        return None


def speaker_opener(
    settings: CallSettings, clock: Callable[[], float], notify: Notify
) -> Callable[[Playout], OpenSpeaker | None]:
    """Opens the sound file of the settings, else the speaker; raises as `open_sound`."""
    if settings.audio_output is None:
        # While PortAudio starts, nothing else written to stderr comes out: so not in a call.
        with contextlib.suppress(ConfappError):
            port_audio()

    def open_speaker(playout: Playout) -> OpenSpeaker | None:
        if settings.audio_output is not None:
            return SoundFileSpeaker(playout, settings.audio_output, clock)
        try:
            return Speaker(playout, settings.speaker, clock)
        except ConfappError as error:
            _without(settings, settings.speaker, error, notify)
            return None

    return open_speaker


def _of_clip(
    settings: CallSettings, clock: Callable[[], float], started: Callable[[], float | None]
) -> PacedSound:
    assert settings.input is not None  # noqa: S101 (checked by the callers)
    return PacedSound(
        read_sound(settings.input),
        loop=settings.loop,
        period_s=Clip(settings.input).duration_s if settings.loop else None,
        started=started,
        now=clock,
    )


def _without(
    settings: CallSettings, device: str | None, error: ConfappError, notify: Notify
) -> None:
    """Go on without sound, unless it was asked for."""
    if settings.audio or device is not None:
        raise error
    notify(f"No sound: {error.message}")
