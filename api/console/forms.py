"""Forms as plain HTML: what is typed stays in the browser until a button sends all of it.

A field of NiceGUI's own would be drawn again with every change of the page, and what is typed meanwhile could be lost.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from nicegui import Client, background_tasks, ui

from api.console.markup import Markup, h, joined

Values = Mapping[str, str]
Act = Callable[[str, Values], Awaitable[None]]
_GATHER = (
    "const v = {}; root.querySelectorAll('[name]').forEach(n => { "
    "if (n.type === 'radio' && !n.checked) return; v[n.name] = n.type === 'checkbox' ? String(n.checked) : n.value; });"
)
_CLICK = (
    "(e) => { const b = e.target.closest('[data-act]'); if (!b || b.disabled) return; e.preventDefault(); "
    "const root = b.closest('.form'); "
    "const bad = 'free' in b.dataset ? null : root.querySelector(':invalid'); "
    "if (bad) { bad.reportValidity(); return; } "
    "if (b.dataset.sure && !b.classList.contains('armed')) { b.dataset.label = b.textContent; "
    "b.textContent = b.dataset.sure; b.classList.add('armed'); "
    "b.disarm = () => { clearTimeout(timer); b.classList.remove('armed'); b.textContent = b.dataset.label; }; "
    "const timer = setTimeout(b.disarm, 5000); return; } "
    "if (b.dataset.sure) b.disarm(); "
    f"{_GATHER} emit(b.dataset.act, v); }}"
)
_ENTER = (
    "(e) => { if (e.key !== 'Enter' || e.target.tagName !== 'INPUT') return; "
    "const b = e.target.closest('.form').querySelector('[data-enter]'); if (b) { e.preventDefault(); b.click(); } }"
)
_INPUT = (
    "(e) => { if (!e.target.name) return; const root = e.target.closest('.form'); "
    f"{_GATHER} emit(e.target.name, v); }}"
)


def form(*inside: object, on_act: Act, on_input: Act | None = None, classes: str = "") -> ui.html:
    """A part of the page whose buttons (`button`) call `on_act` with their name and every field's value.

    One act at a time: a second press while the first runs does nothing. `on_input` is told of each change.
    """
    made = ui.html(joined(inside), sanitize=False).classes(f"form {classes}")
    busy = False

    async def act(event: Any) -> None:
        nonlocal busy
        if busy:
            return
        busy = True
        try:
            await on_act(*_read(event.args))
        finally:
            busy = False

    made.on("click", act, js_handler=_CLICK)
    made.on("keydown", js_handler=_ENTER)
    if on_input is not None:
        told = on_input

        async def changed(event: Any) -> None:
            await told(*_read(event.args))

        made.on("input", changed, js_handler=_INPUT)
    return made


def _read(arguments: Any) -> tuple[str, dict[str, str]]:
    """What a browser sent, whatever that was."""
    if not isinstance(arguments, list) or len(arguments) != 2 or not isinstance(arguments[1], dict):
        return "", {}
    return str(arguments[0]), {str(name): str(value) for name, value in arguments[1].items()}


def field(
    label: str, name: str, value: object = "", *, kind: str = "text", wide: bool = False, **more: object
) -> Markup:
    """A labelled input."""
    made = Markup(h("input", name=name, type=kind, value=value, **more).removesuffix("</input>"))
    return h("label", h("span", label), made, klass="field wide" if wide else "field")


def area(label: str, name: str, value: str = "", *, rows: int = 2, **more: object) -> Markup:
    """A labelled field of several lines."""
    return h("label", h("span", label), h("textarea", value, name=name, rows=rows, **more), klass="field wide")


def reason_field(label: str, name: str = "reason") -> Markup:
    """A field for what the trail keeps: 3 to 200 characters, as the API has it."""
    return field(label, name, required=True, minlength=3, maxlength=200)


def reason_area(label: str, name: str = "reason") -> Markup:
    """The same, of several lines."""
    return area(label, name, required=True, minlength=3, maxlength=200)


def choice(label: str, name: str, options: Iterable[tuple[str, str]], chosen: str = "", **more: object) -> Markup:
    """A labelled choice of one."""
    written = [h("option", text, value=value, selected=value == chosen) for value, text in options]
    return h("label", h("span", label), h("select", *written, name=name, **more), klass="field")


def tick(label: str, name: str, ticked: bool = False) -> Markup:
    """A labelled box to tick; its value is `true` or `false`."""
    box = Markup(h("input", name=name, type="checkbox", checked=ticked).removesuffix("</input>"))
    return h("label", box, h("span", label), klass="tick")


def button(
    text: str, act: str, *, kind: str = "", enter: bool = False, free: bool = False, sure: str | None = None
) -> Markup:
    """A button.

    `free`: whatever the fields say; `sure`: what it asks before it is pressed a second time; `enter`: by Enter, too.
    """
    return h(
        "button", text, type="button", klass=kind or None, data_act=act, data_enter=enter, data_free=free,
        data_sure=sure,
    )  # fmt: skip


class Later:
    """Does something once nobody called it for so long, and drops what it still does: for what follows typing."""

    def __init__(self, seconds: float, doing: Callable[[], Awaitable[None]]) -> None:
        self._seconds = seconds
        self._doing = doing
        self._task: asyncio.Task[None] | None = None

    def __call__(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._task = background_tasks.create(self._wait())

    async def _wait(self) -> None:
        await asyncio.sleep(self._seconds)
        await self._doing()


def enter(client: Client, name: str, value: str) -> None:
    """Puts a value into a field, as if it had been typed."""
    told = json.dumps([name, value], ensure_ascii=False)
    client.run_javascript(
        f'const [name, value] = {told}; const n = document.querySelector(`[name="${{name}}"]`); '
        "if (n) { n.value = value; n.dispatchEvent(new Event('input', {bubbles: true})); n.focus(); }"
    )


def paint(client: Client, texts: Mapping[str, tuple[str, str]]) -> None:
    """Sets text and class of elements by id, without drawing anything again: what is typed beside them stays."""
    told = json.dumps(texts, ensure_ascii=False)
    client.run_javascript(
        f"for (const [id, [text, kind]] of Object.entries({told})) {{ const n = document.getElementById(id); "
        "if (n) { n.textContent = text; n.className = kind; } }"
    )
