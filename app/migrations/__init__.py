"""How the schema came to be: Alembic migrations that only expand."""
