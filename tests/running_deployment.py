"""What scripts/check-deployment asks of the stack that it has started. Python alone, no packages.

python3 tests/running_deployment.py SERVER_URL COMPOSE...    (the command and options of Compose)
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

DASHBOARD = Path(__file__).parents[1] / "deploy" / "grafana" / "dashboard.json"
PROMETHEUS = "http://localhost:9090"
CALL_S = 10
PROMETHEUS_S = 120  # it finds the servers within 10 s; a rate needs two readings, 15 s apart
DEADLINE_S = 180


class Stack:
    """The containers of docker-compose.yml and of tests/docker-compose.call.yml.

    Args:
        server: the signaling server's URL.
        compose: the command that all of them are run by.
    """

    def __init__(self, server: str, compose: list[str]) -> None:
        self.server = server
        self._compose = compose

    def output(self, *arguments: str) -> str:
        """What a Compose command prints."""
        command = [*self._compose, *arguments]
        return subprocess.run(
            command, check=True, stdout=subprocess.PIPE, text=True, timeout=DEADLINE_S
        ).stdout

    def person(self, name: str, *arguments: str, program: str = "confapp") -> subprocess.Popen[str]:
        """A program in a container of one of the two people."""
        return subprocess.Popen(
            [*self._compose, "run", "--rm", "-T", "--entrypoint", program, name, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def check_lost_server(stack: Stack) -> None:
    """One of two servers is killed under people who talk; they go on at the other one."""
    arguments = ["/meet_and_resume.py", stack.server, "head", "-n", "1"]  # it waits for a line
    meeting = stack.person("ada", *arguments, program="python")
    assert meeting.stdout is not None
    met = meeting.stdout.readline()
    assert "met at" in met, meeting.communicate()
    subprocess.run(["docker", "kill", stack.output("ps", "-q", "signaling").split()[0]], check=True)
    said, problems = meeting.communicate("killed\n", DEADLINE_S)
    assert meeting.returncode == 0, problems
    print(met + said, end="")


def hold_call(stack: Stack) -> list[tuple[int, str, str]]:
    """Two people call each other: exit status, account and what else was said, of each."""
    room = stack.person("ada", "room", stack.server)
    link = room.communicate(timeout=DEADLINE_S)[0].strip()
    people = [
        stack.person(
            name,
            *("call", link, "--input", f"/people/{name}.mp4", "--loop"),
            *("--no-window", "--json", "--seconds", f"{CALL_S}"),
        )
        for name in ("ada", "ben")
    ]
    accounts = [person.communicate(timeout=DEADLINE_S) for person in people]
    return [(person.returncode, *said) for person, said in zip(people, accounts, strict=True)]


def check_call(stack: Stack) -> None:
    """Both see each other through coturn, and without it there is no way between them."""
    for status, account, said in hold_call(stack):
        assert status == 0, said
        receiver: dict[str, Any] = json.loads(account)["receiver"]
        assert receiver["rendered"] > 0, account
        print(f"Relayed: {receiver['received']} frames, {receiver['rendered']} of them rendered")
    stack.output("stop", "coturn")
    for status, _, said in hold_call(stack):
        assert status != 0
        assert "no way to them was found" in said, said
    print("Without the relay there is no way between the two")
    stack.output("start", "coturn")


def check_dashboard(stack: Stack) -> None:
    """Prometheus accepts its configuration, reads the servers, and has what the dashboard shows."""
    check = ("promtool", "check", "config", "/etc/prometheus/prometheus.yml")
    stack.output("exec", "-T", "prometheus", *check)
    panels = json.loads(DASHBOARD.read_text())["panels"]
    queries = ["up{job='signaling'} == 1"]
    queries += [target["expr"] for panel in panels for target in panel["targets"]]
    ends = time.monotonic() + PROMETHEUS_S
    while missing := [query for query in queries if not ask_prometheus(stack, query)]:
        assert time.monotonic() < ends, f"Prometheus has nothing for {missing}"
        time.sleep(1)
    print(f"Prometheus has series for all {len(queries)} queries of the dashboard")


def ask_prometheus(stack: Stack, query: str) -> str:
    """The series that a query returns now, as text."""
    ask = ("promtool", "query", "instant", PROMETHEUS, query)
    return stack.output("exec", "-T", "prometheus", *ask).strip()


if __name__ == "__main__":
    running = Stack(sys.argv[1], sys.argv[2:])
    check_call(running)
    check_dashboard(running)
    check_lost_server(running)
