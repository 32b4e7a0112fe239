"""A report as one HTML page: the tables of its Markdown, plots in it, films beside it."""

from collections.abc import Mapping
from html import escape
from urllib.parse import quote

from markdown_it import MarkdownIt

STYLE = (
    "body{font-family:sans-serif;max-width:82rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{border:1px solid #bbb;padding:.2rem .5rem}"
    "video,svg{max-width:100%;height:auto}"
)


def report_page(
    title: str, markdown: str, plots: Mapping[str, str], films: Mapping[str, str]
) -> str:
    """The page; it loads nothing but the films.

    Args:
        plots: SVGs by what they show.
        films: paths from the page's folder on, by what they show.
    """
    text = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    shown = [f"<h2>{escape(name)}</h2>{_bare(svg)}" for name, svg in plots.items()]
    shown += [
        f'<h2>{escape(name)}</h2><video controls loop preload="none" src="{quote(path)}"></video>'
        for name, path in films.items()
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body>{text}{''.join(shown)}</body></html>\n"
    )


def _bare(svg: str) -> str:
    """Without what stands before the element."""
    return svg[svg.index("<svg") :]
