"""The page that demo mode shows to a browser at a schema's address: choose or write an operation, send it, read the
answer.

Self-contained: no script, style or font comes from elsewhere. It offers the schema's committed operations, each with
variables that work; a word in angle brackets is filled in by the page: `<uuid>` and `<no>` with something new, others
with the newest of their kind that an answer of any of the four pages named.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from graphql import ListTypeNode, NamedTypeNode, NonNullTypeNode, OperationDefinitionNode, TypeNode, parse

DEMO_TOKENS = {
    "mobile": "demo:mei",
    "till": "demo:taipei-1",
    "partner": "demo:brand",
    "admin": "demo:olivia:owner",
}
_NAMES = {"mobile": "Members 會員", "till": "Tills 收銀", "partner": "Partners 夥伴", "admin": "Operators 營運"}
_FIRST = {"mobile": "Profile", "till": "Member", "partner": "Me", "admin": "Members"}

_BASKET = {
    "currency": "TWD",
    "lines": [
        {"lineNo": 1, "sku": "471003", "name": "鮭魚", "category": "SEAFOOD", "quantity": 1, "amountMinor": 24000},
        {"lineNo": 2, "sku": "471004", "name": "高麗菜", "category": "PRODUCE", "quantity": 2, "amountMinor": 9000},
    ],
}
_OFFER = {
    "kind": "AMOUNT_OFF",
    "source": "PRICE",
    "currency": "TWD",
    "amount_minor": 1000,
    "minimum_minor": 10000,
    "funder": "mergemart",
    "stacking": "basket",
    "on_return": "VOID",
    "name": {"en": "NT$10 off NT$100", "zh-TW": "滿百折十"},
    "terms": {"en": "One per purchase.", "zh-TW": "單筆限用一張。"},
    "price": {"currency": "POINTS", "amount": 50},
    "validity": {"days": 7},
}
VARIABLES: Mapping[str, Any] = {
    "requestId": "<uuid>",
    "first": 10,
    "cardNo": "<card>",
    "memberId": "<mem>",
    "offerId": "<off>",
    "holdId": "<hld>",
    "keyId": "<key>",
    "pauseId": "<pau>",
    "boundTo": "<sto>",
    "receiptNo": "WEB-<no>",
    "receipt": {"cardNo": "<card>", "receiptNo": "WEB-<no>", "boughtAt": "<now>", **_BASKET},
    "receiptReturn": {
        "receiptNo": "<receipt>",
        "returnNo": "BACK-<no>",
        "lines": [{"lineNo": 1, "quantity": 1, "amountMinor": 24000}],
    },
    "basket": _BASKET,
    "codes": [],
    "payPoints": 10,
    "purpose": "marketing",
    "version": "2026-11",
    "granted": True,
    "text": "mei",
    "code": "taipei-1",
    "currency": "POINTS",
    "amount": 1000,
    "reason": "welcome gift of the service desk",
    "subject": "mei-2",
    "store": {"code": "web-<no>", "name": "A new shop"},
    "suspended": True,
    "note": "looked at it: the pause was right",
    "target": "offer:free-coffee",
    "message": "Coffee is out; back on Monday.",
    "kind": "demo",
    "name": "service desk",
    "key": "web-ten",
    "body": json.dumps(_OFFER, ensure_ascii=False),
    "basedOn": 0,
    "prizeId": "<prz>",
    "storeId": "<sto>",
    "thing": "enamel-pot",
    "state": "CLAIMED",
    "year": 2027,
    "onHand": 5,
    "receivedMinor": 0,
    "adjustmentId": "<adj>",
    "compensationId": "<cmp>",
    "cohort": {"everyone": True},
    "gift": {"diamonds": 20, "energy": 30},
    "members": 1,
    "starts": "2027-06-01",
    "ends": "2027-09-01",
}
"""Values for variables of the committed operations, by their names; others get a plain one of their type."""
_BY_OPERATION: Mapping[tuple[str, str], Any] = {
    ("PublishSheet", "kind"): "offer",
    ("PublishSheet", "reason"): "a first try of the explorer",
    ("Sheets", "kind"): "offer",
    ("Pause", "reason"): "the machine of one shop is broken",
    ("PartnerNode", "id"): "<par>",
    ("CaseNotes", "id"): "<mem>",
    ("CompensationNode", "id"): "<cmp>",
    ("CloneSeason", "code"): "2027-summer",
    ("CloneSeason", "basedOn"): 1,
    ("AddCaseNote", "text"): "the old card was found again",
    ("CompensationPreview", "key"): "outage-<no>",
    ("ProposeCompensation", "key"): "outage-<no>",
    ("ProposeCompensation", "reason"): "the board stood still on Sunday evening",
    ("MemberNode", "id"): "<mem>",
    ("Identities", "id"): "<mem>",
    ("Node", "id"): "<off>",
    ("PrizeToPost", "id"): "<prz>",
    ("PrizeToClear", "id"): "<prz>",
    ("CheckPrize", "code"): "<code>",
    ("HandOverPrize", "code"): "<code>",
}


def page(kind: str, operations: Mapping[str, str]) -> bytes:
    """The page for one schema, with its operations (file name -> text) and a demo token filled in."""
    text = files("api.graphql").joinpath("explorer.html").read_text(encoding="utf-8")
    examples = [_example(document) for _, document in sorted(operations.items())]
    examples.sort(key=lambda each: each["name"] != _FIRST[kind])
    for mark, words in (
        ("%NAME%", _NAMES[kind]),
        ("%TOKEN%", DEMO_TOKENS[kind]),
        ("%EXAMPLES%", json.dumps(examples, ensure_ascii=False).replace("<", "\\u003c")),
    ):
        text = text.replace(mark, words)
    return text.encode()


def _example(document: str) -> dict[str, Any]:
    """An operation with values for the variables that it needs, and for those with a value that helps."""
    operation = next(node for node in parse(document).definitions if isinstance(node, OperationDefinitionNode))
    name = operation.name.value if operation.name else ""
    variables = {}
    for definition in operation.variable_definitions or ():
        word = definition.variable.name.value
        needed = isinstance(definition.type, NonNullTypeNode) and definition.default_value is None
        if needed or word in ("cardNo", "payPoints") or (name, word) in _BY_OPERATION:
            variables[word] = _BY_OPERATION.get((name, word), VARIABLES.get(word, _plain(definition.type, word)))
    return {"name": name, "type": operation.operation.value, "query": document.strip(), "variables": variables}


def _plain(kind: TypeNode, word: str) -> Any:
    """Something of that type to begin with; an unknown one is an object, text says by its name what is wanted."""
    if isinstance(kind, NonNullTypeNode):
        return _plain(kind.type, word)
    if isinstance(kind, ListTypeNode):
        return []
    assert isinstance(kind, NamedTypeNode), "a type is a name, a list or non-null"
    return {"Int": 1, "Boolean": True, "ID": f"<{word}>", "String": f"<{word}>"}.get(kind.name.value, {})
