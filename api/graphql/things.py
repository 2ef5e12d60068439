"""Things that members win or pick, in the words that every schema shares."""

import strawberry

from api.graphql.nodes import write_id
from loyalty.receipts.actions import Store
from rewards.prizes.rules.lives import PrizeState, Source
from rewards.prizes.rules.things import Delivery

strawberry.enum(PrizeState, description="Where a prize stands. READY is posted, or waiting at its store.")
strawberry.enum(Source, name="PrizeSource", description="Won in a draw, or picked from the catalogue.")
strawberry.enum(Delivery, description="How a thing reaches its owner.")


@strawberry.type(description="A store where a thing is collected.")
class PickupStore:
    id: strawberry.ID
    code: str
    name: str


def show_store(store: Store) -> PickupStore:
    return PickupStore(id=write_id("sto", store.id), code=store.code, name=store.name)
