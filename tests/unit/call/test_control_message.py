"""Control messages there and back, and anything else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confapp.call.control_message import (
    MAX_CLOCK_S,
    MAX_CONTROL_BYTES,
    MAX_CORRECTION_BYTES,
    MAX_COUNT,
    MAX_STILL_BYTES,
    Beat,
    Bye,
    ControlMessage,
    Correction,
    Echo,
    Recording,
    SourceAnnounce,
    SourceReady,
    content_hash,
    decode,
    encode,
)
from confapp.call.hello import Hello

SECONDS = st.floats(-MAX_CLOCK_S, MAX_CLOCK_S)
DIGESTS = st.binary(max_size=8).map(content_hash)
ECHOES = st.builds(Echo, sent=SECONDS, received=SECONDS)
MESSAGES = st.one_of(
    st.builds(Hello, app=st.text(max_size=20), sends=st.booleans(), keypoints=st.integers(0, 99)),
    st.builds(
        SourceAnnounce,
        sha256=DIGESTS,
        size=st.integers(1, MAX_STILL_BYTES),
        stream_origin=SECONDS,
        live=st.booleans(),
    ),
    st.builds(SourceReady, sha256=DIGESTS),
    st.builds(
        Beat,
        sent=SECONDS,
        echo=st.none() | ECHOES,
        max_fps=st.none() | st.integers(1, MAX_COUNT),
    ),
    st.builds(Recording, step=st.sampled_from(["ask", "agree", "refuse", "stop"])),
    st.builds(Correction, code=st.binary(min_size=1, max_size=MAX_CORRECTION_BYTES)),
    st.builds(Bye, reason=st.text(max_size=20)),
)


@given(MESSAGES)
def test_there_and_back(message: ControlMessage) -> None:
    assert decode(encode(message)) == message


@given(st.text() | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(json.dumps))
def test_any_other_text_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        decode(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"type": "beat", "sent": 1e11}',
        '{"type": "beat", "sent": NaN}',
        '{"type": "beat", "sent": Infinity}',
        '{"type": "beat", "sent": 1, "echo": {"sent": 1}}',
        '{"type": "beat", "sent": 1, "max_fps": 0}',
        '{"type": "beat", "sent": 1, "max_fps": -8}',
        '{"type": "beat", "sent": 1, "max_fps": 7.5}',
        '{"type": "beat", "sent": 1, "max_fps": "many"}',
        '{"type": "beat", "sent": 1, "max_fps": 1' + 20 * "0" + "}",
        '{"type": "recording", "step": "now"}',
        '{"type": "recording"}',
        '{"type": "source-ready", "sha256": "x"}',
        '{"type": "source", "sha256": "' + 64 * "0" + '", "size": 262145, "stream_origin": 0}',
        '{"type": "bye", "reason": "' + 65 * "x" + '"}',
        '{"type": "correction"}',
        '{"type": "correction", "code": ""}',
        '{"type": "correction", "code": "no base64!"}',
        '{"type": "correction", "code": "' + MAX_CORRECTION_BYTES * "AAAA" + '"}',
        '{"type": "hallo"}',
        '{"type": "bye", "padding": "' + MAX_CONTROL_BYTES * "x" + '"}',
    ],
)
def test_what_is_out_of_bounds_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        decode(text)


def test_versions_that_say_less_or_more_of_the_photo_are_understood() -> None:
    known = {"type": "source", "sha256": 64 * "0", "size": 1, "stream_origin": 0.0}
    expected = SourceAnnounce(sha256=64 * "0", size=1, stream_origin=0.0)
    assert decode(json.dumps(known)) == expected
    assert decode(json.dumps(known | {"camera": "front"})) == expected


def test_versions_that_say_less_or_more_of_the_pace_are_understood() -> None:
    text = encode(Beat(sent=1.0))
    assert "max_fps" not in text  # a beat that asks for nothing says nothing
    assert decode(text) == Beat(sent=1.0, max_fps=None)
    known = {"type": "beat", "sent": 1.0, "max_fps": 8}
    assert decode(json.dumps(known | {"max_pixels": 128})) == Beat(sent=1.0, max_fps=8)


def test_the_content_hash_is_sha256() -> None:
    # FIPS 180-2, appendix B.1
    assert content_hash(b"abc") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
