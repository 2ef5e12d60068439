"""The schema of operators, at `/admin/graphql`."""

import strawberry

from api.admin.care import CareMutation, CareQuery
from api.admin.compensations import (
    CompensationMutation,
    CompensationNode,
    CompensationQuery,
    resolve_compensation,
)
from api.admin.drafts import DraftMutation
from api.admin.figures import FiguresQuery
from api.admin.keys import KeyMutation, KeyQuery, StoreNode, resolve_store
from api.admin.members import MemberMutation, MemberNode, MemberQuery, resolve_member
from api.admin.monitor import MonitorQuery
from api.admin.previews import PreviewQuery
from api.admin.prizes import PrizeMutation, PrizeNode, PrizeQuery, resolve_prize
from api.admin.reviews import ReviewQuery
from api.admin.roles import RoleMutation, RoleQuery
from api.admin.seasons import SeasonMutation, SeasonQuery
from api.admin.sheets import SheetMutation, SheetQuery
from api.graphql.asgi import GraphQLApp
from api.graphql.nodes import Node, Nodes, write_id
from api.graphql.schema import Info, make_schema
from api.graphql.serve import serve
from api.runtime.services import Services

NODES = Nodes()
NODES.register("mem", resolve_member)
NODES.register("sto", resolve_store)
NODES.register("prz", resolve_prize)
NODES.register("cmp", resolve_compensation)


@strawberry.type(description="The operator who is signed in.")
class Operator:
    id: strawberry.ID
    roles: list[str]


@strawberry.type
class Query(
    MemberQuery, KeyQuery, SheetQuery, ReviewQuery, RoleQuery, MonitorQuery, PrizeQuery, CareQuery, CompensationQuery,
    SeasonQuery, FiguresQuery, PreviewQuery,
):  # fmt: skip
    @strawberry.field
    async def me(self, info: Info) -> Operator:
        operator = info.context.operator
        return Operator(id=write_id("opr", operator.operator_id), roles=sorted(role.value for role in operator.roles))

    @strawberry.field(description="What an id of this API names; null where it names nothing.")
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        found: Node | None = await NODES.find(info.context, id)
        return found


@strawberry.type
class Mutation(
    MemberMutation, KeyMutation, SheetMutation, DraftMutation, RoleMutation, PrizeMutation, CareMutation,
    CompensationMutation, SeasonMutation,
):  # fmt: skip
    """Every mutation of an operator; each noun adds its own."""


SCHEMA = make_schema(Query, Mutation, types=[MemberNode, StoreNode, PrizeNode, CompensationNode])


def build(services: Services) -> GraphQLApp:
    """The app at `/admin/graphql`."""
    return serve(services, SCHEMA, "admin")
