"""What the app's role may do: in append-only tables, which belong to the owner, it reads and inserts alone."""

from __future__ import annotations

from sqlalchemy import Connection, text

from api.runtime.schema import is_append_only, metadata

_ALL = "SELECT, INSERT, UPDATE, DELETE"
_APPEND = "SELECT, INSERT"


def grant_privileges(connection: Connection, app_role: str) -> None:
    """Gives `app_role` exactly its rights on every table of the metadata; run by the owner after each migration.

    Does nothing where the owner is the app itself (an outside database with a single role): then the append-only
    promise rests on the code alone.
    """
    if connection.execute(text("SELECT current_user")).scalar_one() == app_role:
        return
    quote = connection.dialect.identifier_preparer.quote
    role = quote(app_role)
    connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {role}"))
    connection.execute(text(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}"))
    connection.execute(text(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}"))
    found = text("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')")
    existing = set(connection.execute(found).scalars())
    for table in metadata().sorted_tables:
        if table.name in existing:
            rights = _APPEND if is_append_only(table) else _ALL
            connection.execute(text(f"GRANT {rights} ON {quote(table.name)} TO {role}"))
    if "alembic_version" in existing:
        connection.execute(text(f"GRANT SELECT ON alembic_version TO {role}"))
