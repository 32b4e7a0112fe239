"""Whatever is asked over HTTP, the answer is one that the OpenAPI description names."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signaling.app import create_app
from signaling.messages import CLIENT_MESSAGE
from signaling.settings import SignalingSettings

MANY = 1_000_000
APP = create_app(SignalingSettings(rooms_per_min=MANY, rooms_per_address=MANY, max_rooms=MANY))
DESCRIPTION: dict[str, Any] = APP.openapi()
# Too large (413) is a refusal of what the description does not allow, too.
CONFIG = schemathesis.Config.from_dict(
    {"checks": {"negative_data_rejection": {"expected-statuses": [404, 405, 413, 422]}}}
)
SCHEMA = schemathesis.openapi.from_asgi("/openapi.json", APP, config=CONFIG)
REPEATED = settings(suppress_health_check=[HealthCheck.too_slow])

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_everything_is_described() -> None:
    assert set(DESCRIPTION["paths"]) == {"/rooms", "/r/{room_id}", "/healthz", "/readyz"}


def asked(path: str) -> Callable[[Callable[..., None]], Any]:
    """All that schemathesis asks of a path; each has a test of its own name."""
    ask = SCHEMA.include(path=path).parametrize()
    return lambda test: ask(settings(max_examples=100, derandomize=True)(test))


@asked("/rooms")
def test_answers_about_rooms(case: "schemathesis.Case[Any]") -> None:
    case.call_and_validate()


@asked("/r/{room_id}")
def test_answers_about_a_link(case: "schemathesis.Case[Any]") -> None:
    case.call_and_validate()


@asked("/healthz")
def test_answers_about_health(case: "schemathesis.Case[Any]") -> None:
    case.call_and_validate()


@asked("/readyz")
def test_answers_about_readiness(case: "schemathesis.Case[Any]") -> None:
    case.call_and_validate()


@REPEATED
@given(st.binary(max_size=5000), st.sampled_from(["application/json", "text/plain", "", "x"]))
def test_rooms_with_any_bytes(body: bytes, content_type: str) -> None:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(APP)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            headers = {"content-type": content_type}
            return await client.post("/rooms", content=body, headers=headers)

    answer = asyncio.run(send())
    described = DESCRIPTION["paths"]["/rooms"]["post"]["responses"][str(answer.status_code)]
    assert answer.headers["content-type"].partition(";")[0] in described["content"]


@REPEATED
@given(JSON.map(json.dumps) | st.text())
def test_messages_are_read_or_refused(text: str) -> None:
    try:
        CLIENT_MESSAGE.validate_json(text)
    except ValueError as refusal:
        assert "input_value" not in str(refusal)
