"""What stands in docs/ and on the demo's pages is what the code says."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from graphql import NonNullTypeNode, OperationDefinitionNode, parse

from api.commands.refusals import RETRYABLE, page
from api.graphql import explorer
from api.graphql.refusal import CODES
from api.pages.docs import documentation
from api.pages.landing import landing_page

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("mobile", "till", "partner", "admin")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def operations(kind: str) -> dict[str, str]:
    folder = ROOT / "api" / kind / "operations"
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.graphql"))}


def test_the_page_of_refusals_is_what_the_command_writes() -> None:
    committed = (ROOT / "docs" / "refusals.md").read_text(encoding="utf-8")
    assert committed == page(), "run: python main.py refusals > docs/refusals.md"
    assert sorted(re.findall(r"^### (\w+)$", committed, re.MULTILINE)) == CODES


def retryable_in_code() -> set[str]:
    """The codes that some line of the houses refuses with `retryable=True`."""
    found = {"RATE_LIMITED"}  # the edge answers it itself, always with retryAt
    for house in ("loyalty", "rewards", "game", "api"):
        for path in (ROOT / house).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and any(
                    each.arg == "retryable" and isinstance(each.value, ast.Constant) and each.value.value is True
                    for each in node.keywords
                ):
                    found |= {each.attr for each in node.args if isinstance(each, ast.Attribute)}
    return found


def test_the_page_of_refusals_says_which_are_retryable() -> None:
    assert set(RETRYABLE) == retryable_in_code()


@pytest.mark.parametrize("kind", KINDS)
def test_the_explorer_has_a_value_for_every_variable_that_an_operation_needs(kind: str) -> None:
    for name, text in operations(kind).items():
        operation = next(node for node in parse(text).definitions if isinstance(node, OperationDefinitionNode))
        for definition in operation.variable_definitions or ():
            word = definition.variable.name.value
            if isinstance(definition.type, NonNullTypeNode) and definition.default_value is None:
                assert word == "id" or word in explorer.VARIABLES, f"{name}: add {word} to explorer.VARIABLES"


@pytest.mark.parametrize("kind", KINDS)
def test_the_explorer_offers_every_operation_and_its_first_one_is_there(kind: str) -> None:
    found = operations(kind)
    shown = explorer.page(kind, found).decode()
    assert f"Bearer {explorer.DEMO_TOKENS[kind]}" in shown
    assert all(f'"name": "{name.removesuffix(".graphql")}"' in shown for name in found)
    assert f'[{{"name": "{explorer._FIRST[kind]}"' in shown
    assert "%" not in re.sub(r"\d%", "", shown.partition("<script>")[2].partition("</script>")[0]), "a mark is left"


def test_the_landing_page_names_the_pages_of_documentation_that_there_are() -> None:
    there = documentation()
    for language in ("en", "zh-TW"):
        shown = landing_page(language, demo=True, docs=there)
        assert set(re.findall(r'href="/docs/([^"]+)"', shown)) == set(there)
    assert "/docs/" not in landing_page("en", demo=True, docs=())


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if "://" not in target and not target.startswith("#"):
            assert (path.parent / target.partition("#")[0]).exists(), f"{path.name}: {target}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_lines_of_prose_are_short(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    long = [line for line in text.splitlines() if len(line) > 120 and not line.startswith("|")]
    assert not long, long[:3]


def test_every_setting_is_documented() -> None:
    source = (ROOT / "api" / "settings.py").read_text(encoding="utf-8")
    names = set(re.findall(r'"([A-Z][A-Z_]{3,})"', source)) - {"DEBUG", "INFO", "WARNING", "ERROR"}
    page_ = (ROOT / "docs" / "operation.md").read_text(encoding="utf-8")
    assert not {name for name in names if f"`{name}`" not in page_}
