"""The console's texts and operations: nothing is missing in either language, nothing is asked that the schema lacks."""

from __future__ import annotations

import ast
import string

import pytest
from graphql import GraphQLEnumType, build_schema, parse, validate

from api.console.edge import FOLDERS, document
from api.console.pages.compensations import GIFTS
from api.console.pages.season import CHARTS, TOTALS
from api.console.pages.stops import WHOLE
from api.console.signing import ROLES
from api.console.words import LANGUAGES, Words, language_of, texts
from tests.edge import API

SCHEMA = build_schema((API / "admin" / "schema.graphql").read_text(encoding="utf-8"))
CONSOLE = API / "console"


NODES = [
    node for path in CONSOLE.rglob("*.py") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
]  # fmt: skip


def calls() -> list[tuple[str, str]]:
    """What is called and with which text, for every call in the console's code whose first argument is one."""
    return [
        (ast.unparse(node.func), node.args[0].value) for node in NODES
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    ]  # fmt: skip


def constants() -> set[str]:
    """Every text in it."""
    return {node.value for node in NODES if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def enum(name: str) -> set[str]:
    found = SCHEMA.type_map[name]
    assert isinstance(found, GraphQLEnumType)
    return {each.lower() for each in found.values}


def made_up() -> set[str]:
    """The names of texts that are made of a prefix and each of some values."""
    values = {
        "state": enum("SheetState"), "act": enum("OperatorAct"), "member": enum("MemberStatus"),
        "currency": enum("Currency"), "role": set(ROLES), "may": set(ROLES), "target": set(WHOLE),
        "event": {*TOTALS, *(kind for kinds in CHARTS.values() for kind, _ in kinds)},
        "done": {"approve", "return", "withdraw"}, "prize": enum("PrizeState"), "adj": enum("AdjustmentState"),
        "comp": enum("CompensationState"), "source": enum("PrizeSource"),
        "due": {"won", "tax_hold", "claimed", "ready"},
        "gift": {*GIFTS, *(f"{each}_all" for each in GIFTS)},
        "identity": {"name", "number", "resident", "address"},
        "address": {"recipient", "phone", "postcode", "lines"}, "evidence": {"all", "bins", "alarm", "power"},
    }  # fmt: skip
    assert enum("OperatorRole") == set(ROLES)
    return {f"{prefix}_{value}" for prefix, found in values.items() for value in found}


def test_every_text_stands_in_both_languages_with_the_same_facts() -> None:
    english, chinese = (texts()[language] for language in LANGUAGES)
    assert english.keys() == chinese.keys()
    for name, text in english.items():
        assert text.strip(), name
        assert chinese[name].strip(), name
        facts = [
            sorted(fact for _, fact, _, _ in string.Formatter().parse(each) if fact) for each in (text, chinese[name])
        ]
        assert facts[0] == facts[1], name


def test_every_text_that_is_asked_for_is_there_and_none_is_left_over() -> None:
    there = set(texts()["en"])
    called = {text for name, text in calls() if name.split(".")[-1] in {"t", "words"}}
    assert called | made_up() <= there, (called | made_up()) - there
    assert there <= constants() | made_up(), there - constants() - made_up()


@pytest.mark.parametrize(
    "name",
    sorted({text for name, text in calls() if name.endswith("desk.ask")}),
)  # fmt: skip
def test_every_operation_that_the_console_sends_fits_the_admin_schema(name: str) -> None:
    assert validate(SCHEMA, parse(document(name))) == []


def test_the_consoles_own_operations_are_all_sent() -> None:
    assert {path.stem for path in FOLDERS[0].glob("*.graphql")} <= constants()
    with pytest.raises(LookupError, match="NoSuch"):
        document("NoSuch")


def test_the_console_writes_no_text_of_its_own_beside_the_list() -> None:
    """Chinese stands in `words.toml` alone, so that nothing is said in one language only."""
    assert [each for each in constants() if any("一" <= letter <= "鿿" for letter in each)] == []


def test_a_text_is_filled_in_and_a_language_chosen() -> None:
    assert Words("en")("faults", count=3) == "Mistakes: 3"
    with pytest.raises(AssertionError, match="no_such_text"):
        Words("en")("no_such_text")
    assert [language_of(*each) for each in ((None, "zh-HK,en"), (None, "fr"), ("zh-TW", "en"), ("xx", "en"))] == [
        "zh-TW", "en", "zh-TW", "en",
    ]  # fmt: skip


def test_the_style_sheet_asks_nothing_of_other_places() -> None:
    found = (CONSOLE / "style.css").read_text(encoding="utf-8")
    assert "http" not in found
    assert "@import" not in found
