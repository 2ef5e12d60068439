"""What stands in docs/ and on the demo's pages is what the code says."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from graphql import NonNullTypeNode, OperationDefinitionNode, parse

from api.commands.refusals import RETRYABLE, page, retryable_codes
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


def test_what_is_said_about_retries_is_of_codes_that_are_retryable() -> None:
    assert set(RETRYABLE) <= retryable_codes()
    written = page()
    assert "- Retryable: no.\n" in written.partition("### SOLD_OUT")[2].partition("###")[0]
    assert "- Retryable: yes" in written.partition("### PAUSED")[2].partition("###")[0]


@pytest.mark.parametrize("kind", KINDS)
def test_the_explorer_gives_a_value_to_every_variable_that_an_operation_needs(kind: str) -> None:
    shown = explorer.page(kind, operations(kind)).decode()
    found = re.search(r"examples = (\[.*\]);$", shown, re.MULTILINE)
    assert found
    examples = {each["name"]: each["variables"] for each in json.loads(found[1])}
    for name, text in operations(kind).items():
        operation = next(node for node in parse(text).definitions if isinstance(node, OperationDefinitionNode))
        needed = {
            each.variable.name.value
            for each in operation.variable_definitions or ()
            if isinstance(each.type, NonNullTypeNode) and each.default_value is None
        }
        assert needed <= set(examples[name.removesuffix(".graphql")]), name


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


def test_the_picture_of_the_house_has_the_declared_order_of_flats() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    layers = {each["id"]: [name.strip("()") for name in each["layers"]] for each in declared if "layers" in each}
    drawn = ("loyalty", "rewards", "game")
    for path in (ROOT / "README.md", ROOT / "docs" / "house.md"):
        # A row that is too long goes on in the next line, which begins with the sign.
        text = re.sub(r" +\|\n\| +> ", " > ", path.read_text(encoding="utf-8"))
        rows = dict(re.findall(r"^\| (\w+) +(\w+(?: > \w+)+) +\|$", text, re.MULTILINE))
        for house in drawn:
            flats = rows[house].split(" > ")
            assert flats == layers[house][: len(flats)], f"{path.name}: {house}"
            rest = {part for names in layers[house][len(flats) :] for part in names.split(" : ")}
            assert not {name for name in rest if (ROOT / house / name).is_dir()}, f"{path.name}: a flat is not drawn"
