"""The machine's microphones and speakers, by PortAudio (the extra `audio`)."""

from collections.abc import Callable
from typing import Any, Literal

from confapp.errors import ConfappError


def port_audio() -> Any:
    """The module `sounddevice`, which has no types.

    Raises:
        ConfappError: `no-audio-support`.
    """
    try:
        import sounddevice  # noqa: PLC0415 (an extra)
    except (ImportError, OSError) as error:  # OSError: without the library of PortAudio
        raise ConfappError(
            "no-audio-support",
            "Microphone and speaker need `pip install confapp[audio]` and, on Linux, the package "
            "libportaudio2; or use --audio-input and --audio-output with files, or --no-audio.",
        ) from error
    return sounddevice


def open_stream(
    kind: Literal["microphone", "speaker"],
    device: str | None,
    rate: int,
    block: int,
    callback: Callable[..., None],
) -> Any:
    """A running mono stream of 16-bit samples.

    Args:
        device: number or name of PortAudio; None for the default.
        rate: samples a second.
        block: samples a call of `callback`.
        callback: of `sounddevice`'s streams.

    Raises:
        ConfappError: `no-audio-support` or `audio-device`.
    """
    sounddevice = port_audio()
    streams = {"microphone": sounddevice.InputStream, "speaker": sounddevice.OutputStream}
    try:
        stream = streams[kind](
            samplerate=rate,
            blocksize=block,
            channels=1,
            dtype="int16",
            device=_device_name(device),
            callback=callback,
            latency="low",
        )
        stream.start()
    except (sounddevice.PortAudioError, ValueError) as error:
        raise device_broke(kind, error) from error
    return stream


def device_broke(what: str, error: Exception) -> ConfappError:
    """The microphone or speaker cannot be used."""
    return ConfappError(
        "audio-device",
        f"The {what} cannot be used ({error}): plug one in, choose another with "
        f"--{what}, or use --no-audio.",
    )


def _device_name(device: str | None) -> int | str | None:
    """How PortAudio knows a device: by number, by a part of its name, or the default."""
    return int(device) if device is not None and device.isdigit() else device
