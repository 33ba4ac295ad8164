"""The store: ClickHouse tables that are folded from the event log, loaded exactly once."""
