"""One row a board: everything that the first screen shows of it, and all that a move changes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Integer, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class BoardRow(SQLModel, table=True):
    """A member's board. `seed` never leaves the server; cells are words as `game/board/rules/cells.py` says.

    `generators`: home cell -> [kind, taps, charges left, when time brings more or null]. `inbox`: [word, how many].
    `bubbles`: cell -> [until when it stays, what popping it costs in diamonds]. `merges` counts merges, for the dice.
    `orders` belongs to the flat of that name. `energy` is as of `energy_at`. `units` is what the goods in cells,
    storage and inbox are worth, counted up by taps and gifts and down by sales and deliveries.
    """

    __tablename__ = "boards"
    __table_args__ = (
        CheckConstraint("jsonb_array_length(cells) = 63", name="boards_of_63_cells"),
        CheckConstraint("octet_length(seed) = 32", name="boards_seed_of_32_bytes"),
        CheckConstraint("level >= 1 AND experience >= 0", name="boards_level_from_one"),
        CheckConstraint("energy >= 0 AND units >= 0 AND revision >= 0", name="boards_not_negative"),
        CheckConstraint("merges >= 0", name="boards_merges_counted"),
    )

    member_id: UUID = Field(primary_key=True)
    revision: int = Field(sa_column=Column(Integer, nullable=False))
    seed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    cells: str = Field(sa_column=Column(JSONB, nullable=False))
    generators: str = Field(sa_column=Column(JSONB, nullable=False))
    storage: str = Field(sa_column=Column(JSONB, nullable=False))
    inbox: str = Field(sa_column=Column(JSONB, nullable=False))
    orders: str = Field(sa_column=Column(JSONB, nullable=False))
    next_order: int = Field(sa_column=Column(Integer, nullable=False))
    level: int = Field(sa_column=Column(Integer, nullable=False))
    experience: int = Field(sa_column=Column(Integer, nullable=False))
    energy: int = Field(sa_column=Column(Integer, nullable=False))
    energy_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    units: int = Field(sa_column=Column(BigInteger, nullable=False))
    merges: int = Field(sa_column=Column(Integer, nullable=False))
    bubbles: str = Field(sa_column=Column(JSONB, nullable=False))
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    updated_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
