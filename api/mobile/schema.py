"""The schema of the members' app, at `/graphql`."""

import strawberry

from api.graphql.asgi import GraphQLApp
from api.graphql.draws import DrawNode
from api.graphql.nodes import Node, Nodes
from api.graphql.schema import Info, make_schema
from api.graphql.serve import serve
from api.mobile.board import BoardMutation, BoardQuery
from api.mobile.changes import BoardSubscription
from api.mobile.checkin import CheckInMutation, CheckInQuery
from api.mobile.chests import ChestMutation, ChestQuery
from api.mobile.coupons import CouponMutation, CouponNode, CouponQuery, resolve_coupon
from api.mobile.draws import DrawMutation, DrawQuery, resolve_draw
from api.mobile.fairness import FairnessMutation, FairnessQuery
from api.mobile.home import HomeQuery
from api.mobile.members import MemberNode, load_me, resolve_member
from api.mobile.offers import OfferNode, OfferQuery, resolve_offer
from api.mobile.pools import PoolMutation, PoolNode, PoolQuery, resolve_pool
from api.mobile.prizes import PrizeMutation, PrizeNode, PrizeQuery, resolve_prize
from api.mobile.quests import QuestMutation, QuestQuery
from api.mobile.receipts import ReceiptNode, ReceiptQuery, resolve_receipt
from api.mobile.refills import RefillMutation, RefillQuery
from api.mobile.rights import RightsMutation, RightsQuery
from api.mobile.seasons import SeasonQuery
from api.mobile.timeline import TimelineQuery, resolve_event
from api.mobile.visits import VisitMutation
from api.runtime.services import Services

NODES = Nodes()
NODES.register("mem", resolve_member)
NODES.register("cpn", resolve_coupon)
NODES.register("off", resolve_offer)
NODES.register("rcp", resolve_receipt)
NODES.register("evt", resolve_event)
NODES.register("pol", resolve_pool)
NODES.register("drw", resolve_draw)
NODES.register("prz", resolve_prize)


@strawberry.type
class Query(
    OfferQuery,
    CouponQuery,
    TimelineQuery,
    ReceiptQuery,
    RightsQuery,
    HomeQuery,
    BoardQuery,
    CheckInQuery,
    ChestQuery,
    RefillQuery,
    QuestQuery,
    PoolQuery,
    DrawQuery,
    FairnessQuery,
    PrizeQuery,
    SeasonQuery,
):
    @strawberry.field
    async def me(self, info: Info) -> MemberNode:
        return await load_me(info.context)

    @strawberry.field(description="What an id of this API names, if it is yours; null otherwise.")
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        found: Node | None = await NODES.find(info.context, id)
        return found


@strawberry.type
class Mutation(
    CouponMutation,
    RightsMutation,
    BoardMutation,
    CheckInMutation,
    ChestMutation,
    RefillMutation,
    QuestMutation,
    VisitMutation,
    PoolMutation,
    DrawMutation,
    FairnessMutation,
    PrizeMutation,
):
    """Every mutation of a member; each noun adds its own."""


@strawberry.type
class Subscription(BoardSubscription):
    """What a member's open app is told, over `graphql-transport-ws` at the same path."""


SCHEMA = make_schema(
    Query, Mutation, Subscription, types=[MemberNode, CouponNode, OfferNode, ReceiptNode, PoolNode, DrawNode, PrizeNode]
)


def build(services: Services) -> GraphQLApp:
    """The app at `/graphql`."""
    return serve(services, SCHEMA, "mobile")
