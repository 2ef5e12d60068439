"""The schema of sponsor brands, at `/partner/graphql`."""

import strawberry

from api.graphql.asgi import GraphQLApp
from api.graphql.keys import KeyNode
from api.graphql.nodes import Node, Nodes
from api.graphql.schema import Info, make_schema
from api.graphql.serve import serve
from api.partner.profile import KeyMutation, PartnerNode, load_me, resolve_key, resolve_partner
from api.runtime.services import Services

NODES = Nodes()
NODES.register("par", resolve_partner)
NODES.register("key", resolve_key)


@strawberry.type
class Query:
    @strawberry.field
    async def me(self, info: Info) -> PartnerNode:
        return await load_me(info.context)

    @strawberry.field(description="What an id of this API names, if it is yours; null otherwise.")
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        found: Node | None = await NODES.find(info.context, id)
        return found


@strawberry.type
class Mutation(KeyMutation):
    """Every mutation of a partner; each noun adds its own."""


SCHEMA = make_schema(Query, Mutation, types=[PartnerNode, KeyNode])


def build(services: Services) -> GraphQLApp:
    """The app at `/partner/graphql`."""
    return serve(services, SCHEMA, "partner")
