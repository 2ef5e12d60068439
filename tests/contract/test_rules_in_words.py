"""Every rule that an INVALID_INPUT may name is said in Chinese too. The rules are read off the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.graphql.messages import WORDINGS, say
from api.graphql.messages.rules import rule_in_chinese

ROOT = Path(__file__).resolve().parents[2]
HOUSES = ("api", "game", "rewards", "loyalty")
# They take the field first and the rule second.
SAYING = {"BadInput", "refuse_input", "_invalid"}


def written(node: ast.expr) -> str | None:
    """A literal as it may come out, with 7 wherever something is filled in; None for what is no literal."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    return None


def said_in(function: ast.AST) -> Iterator[str]:
    for node in ast.walk(function):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
        rules = [each.value for each in node.keywords if each.arg == "rule" and name.endswith("Refused")]
        for rule in [*rules, *(node.args[1:2] if name in SAYING else [])]:
            if (text := written(rule)) is not None:
                yield text
            elif isinstance(rule, ast.Name):  # `rule = ...` stands above it in the same function
                for other in ast.walk(function):
                    if isinstance(other, ast.Assign) and [rule.id] == [
                        getattr(each, "id", "") for each in other.targets
                    ]:
                        text = written(other.value)
                        assert text is not None, ast.dump(other)
                        yield text


def rules() -> set[str]:
    found: set[str] = set()
    for house in HOUSES:
        for path in (ROOT / house).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    found |= set(said_in(node))
    return found


def test_every_rule_is_known_in_chinese() -> None:
    known = rules()
    assert len(known) > 40, "the rules are found in the source"
    assert {"three capital letters", "it must be 1 to 7", "must be at least one line"} <= known
    assert [rule for rule in sorted(known) if rule_in_chinese(rule) is None] == []


@pytest.mark.parametrize(
    ("rule", "chinese"),
    [
        ("0 to 720", "須為 0 至 720"),
        ("it must be 1 to 100", "須為 1 至 100"),
        ("must be 1 to 100 lines, not 0", "須為 1 至 100 行，目前為 0 行"),
        ("it must be from 1896 to 2026", "須介於 1896 與 2026 之間"),
        ("it must be 1 to 80 printable characters", "須為 1 至 80 個可顯示的字元"),
        ("must be 3 to 200 printable characters", "須為 3 至 200 個可顯示的字元"),
    ],
)
def test_figures_come_over(rule: str, chinese: str) -> None:
    assert rule_in_chinese(rule) == chinese
    sentence = say(WORDINGS["INVALID_INPUT"], "zh-TW", {"field": "first", "rule": rule})
    assert sentence == f"輸入有誤，first：{chinese}。"
    assert re.search(r"must|characters|lines", sentence) is None
    assert rule in say(WORDINGS["INVALID_INPUT"], "en", {"field": "first", "rule": rule})


def test_a_rule_that_is_not_known_is_said_as_it_is() -> None:
    assert say(WORDINGS["INVALID_INPUT"], "zh-TW", {"field": "x", "rule": "is odd"}) == "輸入有誤，x：is odd。"
