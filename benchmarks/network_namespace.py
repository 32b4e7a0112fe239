"""Network namespaces: networks of their own on one machine, without rights on it."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

HERE, THERE, PREFIX_LENGTH = "10.77.0.1", "10.77.0.2", 24

# Two networks joined by a link, whose ends are `near` and, in the namespace `there`, `far`.
LINKED = f"""
ip netns add there
ip link add near type veth peer name far netns there
ip address add {HERE}/{PREFIX_LENGTH} dev near
ip link set near up
ip link set lo up
ip -n there address add {THERE}/{PREFIX_LENGTH} dev far
ip -n there link set far up
ip -n there link set lo up
"""


@contextmanager
def network_namespace(script: str) -> Iterator[tuple[str, ...]]:
    """A network for the length of the context; the prefix of a command that runs in it.

    Args:
        script: of sh, as root of a user namespace of its own; makes links and further namespaces,
            which `ip netns exec NAME` after the prefix enters.

    Raises:
        RuntimeError: the script failed, or the machine allows no user namespaces.
    """
    script = f"set -e\nmount -t tmpfs tmpfs /run\n{script}\necho ready\nexec sleep infinity"
    with ExitStack() as held:
        holder = subprocess.Popen(
            ["unshare", "--map-root-user", "--net", "--mount", "sh", "-c", script],
            stdout=subprocess.PIPE,
            text=True,
        )
        held.callback(holder.wait)
        held.callback(holder.kill)
        assert holder.stdout is not None
        held.callback(holder.stdout.close)
        if holder.stdout.readline() != "ready\n":
            raise RuntimeError("no network namespace could be made")
        yield ("nsenter", "--target", f"{holder.pid}", "--user", "--net", "--mount")
