"""Whatever is asked over HTTP, the answer is one that the OpenAPI description names."""

import asyncio
import json
from typing import Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signaling.app import create_app
from signaling.messages import CLIENT_MESSAGE, CreatedRoom, Problem
from signaling.settings import SignalingSettings

APP = create_app(SignalingSettings(rooms_per_min=1_000_000, max_rooms=1_000_000))
DESCRIPTION: dict[str, Any] = APP.openapi()
REPEATED = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
WISHES = st.fixed_dictionaries(
    {}, optional={"lobby": st.booleans() | JSON, "passphrase": st.none() | st.text() | JSON}
)


def ask(method: str, path: str, **options: Any) -> httpx.Response:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(APP)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, **options)

    return asyncio.run(send())


def assert_described(answer: httpx.Response, method: str, template: str) -> None:
    described = DESCRIPTION["paths"][template][method.lower()]["responses"]
    assert str(answer.status_code) in described
    content = described[str(answer.status_code)]["content"]
    assert answer.headers["content-type"].partition(";")[0] in content


def test_everything_is_described() -> None:
    assert set(DESCRIPTION["paths"]) == {"/rooms", "/r/{room_id}", "/healthz", "/readyz"}


@REPEATED
@given(WISHES | JSON)
def test_rooms_with_any_json(body: Any) -> None:
    answer = ask("POST", "/rooms", json=body)
    assert_described(answer, "POST", "/rooms")
    if answer.status_code == 201:
        assert CreatedRoom.model_validate(answer.json())
    else:
        assert Problem.model_validate(answer.json()).message.endswith(".")


@REPEATED
@given(st.binary(max_size=5000), st.sampled_from(["application/json", "text/plain", "", "x"]))
def test_rooms_with_any_bytes(body: bytes, content_type: str) -> None:
    answer = ask("POST", "/rooms", content=body, headers={"content-type": content_type})
    assert_described(answer, "POST", "/rooms")


@REPEATED
@given(st.text(st.characters(exclude_characters="/?#%\\", categories=["L", "N", "P", "S"])))
def test_pages_of_any_room(room: str) -> None:
    if room.strip("."):
        assert_described(ask("GET", f"/r/{room}"), "GET", "/r/{room_id}")


def test_probes() -> None:
    for path in ("/healthz", "/readyz"):
        assert_described(ask("GET", path), "GET", path)


@REPEATED
@given(JSON.map(json.dumps) | st.text())
def test_messages_are_read_or_refused(text: str) -> None:
    try:
        CLIENT_MESSAGE.validate_json(text)
    except ValueError as refusal:
        assert "input_value" not in str(refusal)
