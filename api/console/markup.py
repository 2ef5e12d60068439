"""HTML as text, every value escaped; and elements with a tag of their own."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from nicegui import ui


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def h(tag: str, *inside: object, **attributes: object) -> Markup:
    """An element: `h("td", 12, klass="number")`.

    None and False leave an attribute out; `_` in its name stands for `-`.
    """
    written = "".join(
        f" {_name(name)}" if value is True else f' {_name(name)}="{escape(str(value))}"'
        for name, value in attributes.items()
        if value is not None and value is not False
    )
    return Markup(f"<{tag}{written}>{joined(inside)}</{tag}>")


def joined(parts: Iterable[object]) -> Markup:
    """Parts one after another: markup as it is, everything else escaped, None left out."""
    return Markup(
        "".join(each if isinstance(each, Markup) else escape(str(each)) for each in parts if each is not None)
    )


def show(*parts: object, tag: str = "div", classes: str = "") -> ui.html:
    """Puts markup on the page."""
    return ui.html(joined(parts), sanitize=False, tag=tag).classes(classes)


def table(heads: Iterable[object], rows: Iterable[Iterable[object]], caption: str, **attributes: object) -> Markup:
    """A table. A cell that is no markup is put in a `td`; a head that is no markup in a `th`."""
    head = [each if isinstance(each, Markup) else h("th", each, scope="col") for each in heads]
    body = [h("tr", *(each if _is_cell(each) else h("td", each) for each in row)) for row in rows]
    return h(
        "div",
        h("table", h("caption", caption), h("thead", h("tr", *head)), h("tbody", *body), **attributes),
        klass="scroll", tabindex="0", role="region", aria_label=caption,
    )  # fmt: skip


def number(*inside: object, **attributes: object) -> Markup:
    """A cell of figures."""
    return h("td", *inside, klass="number", **attributes)


def numbers(text: str) -> Markup:
    """The head of a column of figures."""
    return h("th", text, scope="col", klass="number")


def badge(text: str, kind: str = "") -> Markup:
    """A small word in a colour."""
    return h("span", text, klass=f"badge {kind}".strip())


def link(text: object, to: str) -> Markup:
    return h("a", text, href=to)


def element(tag: str, classes: str = "", **attributes: object) -> ui.element:
    """An element of NiceGUI that others can stand in."""
    made = ui.element(tag).classes(classes)
    for name, value in attributes.items():
        made.props[_name(name)] = value
    return made


def _name(name: str) -> str:
    return "class" if name == "klass" else name.rstrip("_").replace("_", "-")


def _is_cell(value: object) -> bool:
    return isinstance(value, Markup) and value.startswith(("<td", "<th"))
