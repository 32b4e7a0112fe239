"""The server's own web pages: make a room, pass on its link, join it. Plain HTML from here."""

import html
from pathlib import Path

import segno

ASSETS = Path(__file__).parent / "page"
INSTALL = "Each of you needs confapp: get its repository and run <code>scripts/demo</code> once."

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>confapp</title>
<link rel="stylesheet" href="{base}/page/style.css">
<script src="{base}/page/room.js" defer></script>
<h1>{title}</h1>
{body}
</html>
"""

_LANDING = """
<p>Video calls for links that are too thin for video: a photo once, then a few bytes a frame.</p>
<form method="post" action="{base}/"><button>Make a room for two</button></form>
<p>{install}</p>
"""

_CREATED = """
<p>Pass this link on, and use it yourself:</p>
<p><code id="link">{url}</code></p>
<p><button data-copies="link" hidden>Copy the link</button></p>
<p><img src="{qr}" alt="The link as a QR code"></p>
<p>To join, both run <code id="command">confapp call {url}</code>
<button data-copies="command" hidden>Copy</button></p>
<p>{install}</p>
<p><small>Whoever has the link can join while there is a free seat.</small></p>
"""

_INVITED = """
<p>To join this call, run
<code id="command" data-link="confapp call {url}">confapp call {url}</code>
<button data-copies="command" hidden>Copy</button> on your machine, with the whole address of this
page: what stands behind its # is the key.</p>
<p>{install}</p>
"""


def landing_page(base: str) -> str:
    """The page at the server's root; `base` is the server's URL."""
    return _page(base, "confapp", _LANDING.format(base=html.escape(base), install=INSTALL))


def created_page(base: str, url: str) -> str:
    """The page of a room just made, with its link as text and as QR code (ISO/IEC 18004)."""
    qr = segno.make(url, micro=False).svg_data_uri(scale=4, border=4)
    body = _CREATED.format(url=html.escape(url), qr=html.escape(qr), install=INSTALL)
    return _page(base, "Your room", body)


def invited_page(base: str, url: str) -> str:
    """The page that opens when somebody opens a room's link in a browser."""
    body = _INVITED.format(url=html.escape(url), install=INSTALL)
    return _page(base, "You are invited to a call", body)


def problem_page(base: str, sentence: str) -> str:
    """The page that says why there is nothing to see."""
    return _page(base, "That did not work", f"<p>{html.escape(sentence)}</p>")


def _page(base: str, title: str, body: str) -> str:
    return _PAGE.format(base=html.escape(base), title=title, body=body)
