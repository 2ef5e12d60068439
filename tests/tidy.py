"""The checks of the house that an import linter cannot make; each answer names the place and the cure.

Each check takes the root of a tree and returns one sentence for each violation; none means that it holds.
"""

from __future__ import annotations

import ast
import gc
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

HOUSES = ("api", "game", "rewards", "loyalty")
GRAPHQL = ("api/mobile", "api/till", "api/partner", "api/admin", "api/graphql")
FUNCTION_LINES = 65
FILE_LINES = 400

_TRANSACTION_CALLS = frozenset({"commit", "rollback", "begin", "begin_nested", "transaction"})
_TRANSACTION_PLACES = ("api/runtime/database.py", "api/runtime/migrations.py", "migrations/")
_CLOCK_PLACE = "api/runtime/clock.py"
_WALL_CLOCK = frozenset({
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns", "time.localtime",
    "time.gmtime", "time.strftime", "time.ctime",
})  # fmt: skip
_STOPWATCH = frozenset({"time.monotonic", "time.monotonic_ns", "time.perf_counter", "time.perf_counter_ns"})
_DICE = frozenset({"random", "secrets"})
_DICE_CALLS = frozenset({"os.urandom", "uuid.uuid1", "uuid.uuid4", "uuid4", "uuid1"})
_SQL_CLOCK = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday|gen_random_uuid|uuidv7|uuidv4|random)"
    r"\s*\(|\b(current_timestamp|current_date|current_time|localtimestamp|localtime)\b(?!\s*=)",
    re.IGNORECASE,
)
# The one named exception: a hold's time limit is judged by the database's clock, since tills' servers differ.
_SQL_CLOCK_READ = ("rewards/coupons/store/holds.py", "SELECT clock_timestamp()")
_SQL = re.compile(r"\b(SELECT\s|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s)")
# A hold's ten minutes run by the database's clock, since tills of many servers judge them; a replay gives its own
# database the season's clock in that one's place.
_DATABASE_CLOCK = frozenset({
    ("rewards/coupons/store/holds.py", "clock_timestamp("),
    ("api/replay/clock.py", "clock_timestamp("),
})  # fmt: skip
_VAGUE = frozenset({"utils", "util", "helpers", "helper", "common", "misc", "shared", "base"})
_ROOM = re.compile(r"^(loyalty|rewards|game)\.(\w+)\.(tables|store)\b")


def transactions_have_one_home(root: Path) -> list[str]:
    """Only the unit of work begins, commits and rolls back."""
    return [
        f"{place}: `.{call.func.attr}(` outside the unit of work; cure: take a `Work` and let `Database.work()` commit"
        for place, call in _calls(root)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in _TRANSACTION_CALLS
        and ast.unparse(call.func.value) != "actions"  # a flat's verb, such as `actions.begin`
        and not place.startswith(_TRANSACTION_PLACES)
    ]


def clock_and_dice_have_one_home(root: Path) -> list[str]:
    """Wall clock and chance are read in one module; a stopwatch may be read in the api alone."""
    found = []
    for place, call in _calls(root):
        name = ast.unparse(call.func)
        short = ".".join(name.split(".")[-2:])
        if place.startswith(_CLOCK_PLACE):
            continue
        if short in _WALL_CLOCK or short in _DICE_CALLS:
            found.append(f"{place}: `{name}()`; cure: take `now`, dice or ids as arguments (`api/runtime/clock.py`)")
        if short in _STOPWATCH and not place.startswith("api/"):
            found.append(f"{place}: `{name}()`; cure: measure durations in api/, not in a house below it")
    for place, module in _imports(root):
        if module.split(".")[0] in _DICE and not place.startswith(_CLOCK_PLACE):
            found.append(f"{place}: imports {module}; cure: take the dice as an argument (`loyalty/work.py`)")
    return found


def sql_reads_no_clock(root: Path) -> list[str]:
    """Times and ids reach SQL as parameters."""
    found = [
        f"{place}: SQL or a default reads a clock or makes an id ({match.group(0).strip()}); cure: pass `now` or a "
        "minted id as a parameter"
        for place, text in _strings(root)
        if (match := _SQL_CLOCK.search(text))
        and _looks_like_sql(text)
        and (place.partition(":")[0], match.group(0)) not in _DATABASE_CLOCK
    ]
    for place, call in _calls(root):
        if ast.unparse(call.func) in {"func.now", "func.gen_random_uuid", "func.clock_timestamp", "sa.func.now"}:
            found.append(f"{place}: `{ast.unparse(call)}`; cure: pass the time or the id as a parameter")
    return found


def functions_and_files_are_short(root: Path) -> list[str]:
    """A function fits a screen, a file a sitting."""
    found = []
    for path, tree in _trees(root):
        place = path.relative_to(root)
        lines = path.read_text(encoding="utf-8").count("\n")
        if lines > FILE_LINES:
            found.append(f"{place}: {lines} lines; cure: make it a folder of the same name, one file a verb")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES:
                    found.append(f"{place}:{node.lineno}: {node.name} has {length} lines; cure: give its steps names")
    return found


def no_module_is_dead(root: Path) -> list[str]:
    """Every module is reached from the front door, Alembic, or a name that the composition root loads."""
    modules = {_module_name(root, path): (path, tree) for path, tree in _trees(root)}
    waiting = ["main", "migrations.env", *(name for name in modules if "tables" in name.split(".")[2:])]
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in reached or name not in modules:
            continue
        reached.add(name)
        parts = name.split(".")
        waiting += [".".join(parts[:length]) for length in range(1, len(parts))]
        path, tree = modules[name]
        waiting += _imported(tree)
        waiting += [text.partition(":")[0] for text in _constants(tree) if text.startswith(HOUSES)]
        waiting += [f"{name}.{stem}" for stem in _run_by_path(tree) if path.name == "__init__.py"]
        waiting += [".".join([*parts[:-1], stem]) for stem in _run_by_path(tree)]
    return [
        f"{path.relative_to(root)}: nothing reaches this module; cure: import it where it is needed, or delete it"
        for name, (path, tree) in sorted(modules.items())
        if name not in reached and tree.body and not _is_docstring_alone(tree)
    ]


def resolvers_hold_no_sql(root: Path) -> list[str]:
    """What answers GraphQL holds no statements."""
    return [
        f"{place}: SQL in a GraphQL module; cure: move the statement to a store and call its actions"
        for place, text in _strings(root)
        if place.startswith(GRAPHQL) and _SQL.search(text)
    ]


def rooms_are_private(root: Path) -> list[str]:
    """Tables and stores belong to their own flat; the edge's jobs and audit, too, ask actions."""
    found = []
    for place, module in _imports(root):
        match = _ROOM.match(module)
        if match and not place.startswith(f"{match.group(1)}/{match.group(2)}/"):
            found.append(
                f"{place}: imports {module} of another flat; cure: call that flat's actions or rules, and add the verb "
                "there if it is missing"
            )
    return found


def names_say_what_is_inside(root: Path) -> list[str]:
    """No drawer for odds and ends."""
    paths = [path for house in HOUSES for path in (root / house).rglob("*") if "__pycache__" not in path.parts]
    return [
        f"{path.relative_to(root)}: a name that says nothing; cure: name it after the noun that it holds"
        for path in sorted(paths)
        if path.stem in _VAGUE and (path.is_dir() or path.suffix == ".py")
    ]


def schemas_have_no_float(root: Path) -> list[str]:
    """Points and money are integers; percentages are decimal strings."""
    return [
        f"{path.relative_to(root)}:{number}: Float in a schema; cure: an integer with its unit, or a decimal string"
        for path in sorted((root / "api").rglob("*.graphql"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"\bFloat\b", line.split("#")[0])
    ]


CHECKS: tuple[Callable[[Path], list[str]], ...] = (
    transactions_have_one_home,
    clock_and_dice_have_one_home,
    sql_reads_no_clock,
    functions_and_files_are_short,
    no_module_is_dead,
    resolvers_hold_no_sql,
    rooms_are_private,
    names_say_what_is_inside,
    schemas_have_no_float,
)


@lru_cache(maxsize=4_096)
def _parsed(text: str) -> ast.Module:
    # A collection that ends greenlets while a tree is built makes CPython 3.11 miscount its depth and fail.
    gc.disable()
    try:
        return ast.parse(text)
    finally:
        gc.enable()


def _trees(root: Path) -> Iterator[tuple[Path, ast.Module]]:
    paths = [root / "main.py", root / "migrations" / "env.py"]
    for house in HOUSES:
        paths += sorted((root / house).rglob("*.py"))
    for path in paths:
        yield path, _parsed(path.read_text(encoding="utf-8"))


def _calls(root: Path) -> Iterator[tuple[str, ast.Call]]:
    for path, tree in _trees(root):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield f"{path.relative_to(root)}:{node.lineno}", node


def _imports(root: Path) -> Iterator[tuple[str, str]]:
    for path, tree in _trees(root):
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                for name in _names(node):
                    yield f"{path.relative_to(root)}:{node.lineno}", name


def _names(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [f"{node.module}.{alias.name}" for alias in node.names]


def _imported(tree: ast.Module) -> list[str]:
    """The modules that a module may import: `from a.b import c` may mean `a.b` or `a.b.c`."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found += _names(node)
            if isinstance(node, ast.ImportFrom) and node.module:
                found.append(node.module)
    return found


def _docstrings(tree: ast.Module) -> set[int]:
    return {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def _constants(tree: ast.Module) -> list[str]:
    return [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def _strings(root: Path) -> Iterator[tuple[str, str]]:
    for path, tree in _trees(root):
        skipped = _docstrings(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
                yield f"{path.relative_to(root)}:{node.lineno}", node.value


def _looks_like_sql(text: str) -> bool:
    """A statement, or an expression short enough to be a column's default; not a sentence for people."""
    return bool(re.search(r"\b(SELECT|INSERT|UPDATE|DELETE|WHERE|VALUES|DEFAULT|SET)\b", text)) or " " not in text


def _run_by_path(tree: ast.Module) -> list[str]:
    """Files that are started as programs of their own, by `with_name("...")`."""
    return [
        str(node.args[0].value).removesuffix(".py")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "with_name"
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and str(node.args[0].value).endswith(".py")
    ]


def _is_docstring_alone(tree: ast.Module) -> bool:
    return len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr)


def _module_name(root: Path, path: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
