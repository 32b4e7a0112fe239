"""What stands in .env.example, the compose files and the dashboard against what it is about."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from confapp.errors import ConfappError
from signaling.metrics import Metrics
from signaling.settings import SignalingSettings

ROOT = Path(__file__).parents[3]
PREFIX = "CONFAPP_SIGNALING_"
EXAMPLE = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.M))
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def test_every_setting_is_explained_and_no_other() -> None:
    explained = {name.removeprefix(PREFIX).lower() for name in EXAMPLE if name.startswith(PREFIX)}
    assert explained == set(SignalingSettings.model_fields)


def test_the_defaults_that_are_told_are_the_defaults() -> None:
    told = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in EXAMPLE.items()
        if name.startswith(PREFIX)
    }
    changed = {
        *("secret", "turn_secret", "store", "production", "public_url", "turn_urls"),
        *("trusted_proxies", "metrics_port", "json_logs"),
    }
    for name, value in told.items():
        if name not in changed:
            default = SignalingSettings.model_fields[name].default
            assert type(default)(value if default != [] else []) == default, name


def test_the_server_refuses_to_start_with_the_example_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("CONFAPP_SIGNALING_SECRET", "CONFAPP_SIGNALING_TURN_SECRET"):
        monkeypatch.setenv(name, EXAMPLE[name])
    for name, value in COMPOSE["services"]["signaling"]["environment"].items():
        monkeypatch.setenv(name, re.sub(r"\$\{DOMAIN[^}]*\}", EXAMPLE["DOMAIN"], value))
    with pytest.raises(ConfappError, match="'secret' must have at least"):
        SignalingSettings.from_flags()
    monkeypatch.setenv("CONFAPP_SIGNALING_SECRET", "s" * 64)
    monkeypatch.setenv("CONFAPP_SIGNALING_TURN_SECRET", "t" * 64)
    settings = SignalingSettings.from_flags()
    assert settings.turn_urls == [
        f"turn:calls.example.org:3478?transport={transport}" for transport in ("udp", "tcp")
    ]


def test_every_variable_of_the_compose_file_is_in_the_example() -> None:
    used = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    assert used <= set(EXAMPLE)


def test_coturn_relays_into_no_private_network() -> None:
    denied = [
        option.removeprefix("--denied-peer-ip=")
        for option in COMPOSE["services"]["coturn"]["command"]
        if option.startswith("--denied-peer-ip=")
    ]
    for network in ("10.0.0.0-10.255.255.255", "127.0.0.0-127.255.255.255", "::1"):
        assert network in denied


def test_the_dashboard_asks_for_every_figure_and_no_other() -> None:
    dashboard = json.loads((ROOT / "deploy/grafana/dashboard.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked = {re.findall(r"confapp_\w+", query)[0].removesuffix("_total") for query in queries}
    assert asked == {figure.name for figure in Metrics().registry.collect()}


def test_prometheus_reads_the_port_of_the_metrics() -> None:
    scraping = yaml.safe_load((ROOT / "deploy/prometheus.yml").read_text())["scrape_configs"]
    (servers,) = scraping[0]["dns_sd_configs"]
    environment = COMPOSE["services"]["signaling"]["environment"]
    assert servers["names"] == ["signaling"]
    assert str(servers["port"]) == environment["CONFAPP_SIGNALING_METRICS_PORT"]


@pytest.mark.parametrize("image", ["signaling", "peer"])
def test_images_take_in_what_they_copy(image: str) -> None:
    """The `.dockerignore` lists what may come in."""
    admitted = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[0] == "!"
    }
    recipe = (ROOT / f"deploy/{image}.Dockerfile").read_text()
    copied = [line.split()[1:-1] for line in recipe.splitlines() if line.startswith("COPY ")]
    sources = {name for names in copied for name in names if not name.startswith(("-", "/"))}
    assert sources == admitted
    assert all((ROOT / name).exists() for name in sources)
