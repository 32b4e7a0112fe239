"""Bytes over time, as a picture for a browser."""

from pathlib import Path
from xml.sax.saxutils import escape

from confapp.codec import StreamSummary
from confapp.errors import ConfappError

WIDTH, HEIGHT, MARGIN = 960, 320, 48  # pixels
TEXT = 'font-family="sans-serif" font-size="12"'


def write_plot(summary: StreamSummary, path: Path, title: str) -> None:
    """An SVG with one bar a message; those that are told from nothing are red.

    Raises:
        ConfappError: `file-unwritable`.
    """
    most = max((m.header_bytes + m.payload_bytes for m in summary.messages), default=1)
    across = (WIDTH - 2 * MARGIN) / max(1, summary.frames)
    up = (HEIGHT - 2 * MARGIN) / most
    bars, before = [], 0
    for message in summary.messages:
        size = message.header_bytes + message.payload_bytes
        colour = "#4477aa" if message.distance else "#cc3311"
        bars.append(
            f'<rect x="{MARGIN + before * across:.2f}" y="{HEIGHT - MARGIN - size * up:.2f}" '
            f'width="{max(0.5, 0.9 * across * message.frames):.2f}" height="{size * up:.2f}" '
            f'fill="{colour}"><title>frame {message.number}: {size} bytes, {message.frames} '
            f"frames, reference {message.distance or 'none'}</title></rect>"
        )
        before += message.frames
    base = HEIGHT - MARGIN
    labels = (
        f'<text x="{MARGIN}" y="24" {TEXT}>{escape(title)}: bytes of each message</text>'
        f'<text x="4" y="{MARGIN + 4}" {TEXT}>{most} B</text>'
        f'<text x="4" y="{base}" {TEXT}>0</text>'
        f'<text x="{WIDTH - MARGIN}" y="{base + 20}" text-anchor="end" {TEXT}>'
        f"{summary.duration_s:.1f} s</text>"
        f'<path d="M{MARGIN} {MARGIN}V{base}H{WIDTH - MARGIN}" fill="none" stroke="black"/>'
    )
    picture = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}">'
        f'<rect width="100%" height="100%" fill="white"/>{labels}{"".join(bars)}</svg>\n'
    )
    try:
        path.write_text(picture, encoding="utf-8")
    except OSError as error:
        raise ConfappError(
            "file-unwritable",
            f"{path} cannot be written ({error.strerror}); choose another file.",
        ) from error
