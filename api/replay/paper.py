"""A report on one HTML page that loads nothing from elsewhere, and the same tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from rich.console import Console
from rich.table import Table

Sheet = tuple[str, Sequence[str], Sequence[Sequence[str]]]
"""A table: its title, its heads, its rows."""
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:760px;margin:2rem auto;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse;width:100%}td,th{padding:.2rem .6rem;border-bottom:1px solid #ddd;text-align:right}"
    "td:first-child,th:first-child{text-align:left}svg{width:100%;height:auto}svg text{font-size:11px;fill:#444}"
)


def page(title: str, parts: Iterable[str]) -> str:
    """The page, of parts that are HTML already."""
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    body = f"<h1>{escape(title)}</h1>{''.join(parts)}"
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>\n'


def paragraph(sentence: str) -> str:
    return f"<p>{escape(sentence)}</p>"


def chart(title: str, svg: str) -> str:
    return f"<h2>{escape(title)}</h2>{svg}"


def table(title: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    shown = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    named = "".join(f"<th>{escape(head)}</th>" for head in heads)
    return f"<h2>{escape(title)}</h2><table><tr>{named}</tr>{shown}</table>"


def show(console: Console, sheets: Iterable[Sheet]) -> None:
    """The tables on a terminal."""
    for title, heads, rows in sheets:
        drawn = Table(title=title, title_justify="left")
        for number, head in enumerate(heads):
            drawn.add_column(head, justify="right" if number else "left", overflow="fold")
        for row in rows:
            drawn.add_row(*row)
        console.print(drawn)
