"""The schema of shop tills and e-commerce back ends, at `/till/graphql`."""

import strawberry

from api.graphql.asgi import GraphQLApp
from api.graphql.schema import make_schema
from api.graphql.serve import serve
from api.runtime.services import Services
from api.till.baskets import BasketMutation, BasketQuery
from api.till.members import MemberQuery
from api.till.prizes import PrizeMutation, PrizeQuery
from api.till.receipts import ReceiptMutation


@strawberry.type
class Query(MemberQuery, BasketQuery, PrizeQuery):
    """Every query of a till; each noun adds its own."""


@strawberry.type
class Mutation(ReceiptMutation, BasketMutation, PrizeMutation):
    """Every mutation of a till; each noun adds its own."""


SCHEMA = make_schema(Query, Mutation)


def build(services: Services) -> GraphQLApp:
    """The app at `/till/graphql`."""
    return serve(services, SCHEMA, "till")
