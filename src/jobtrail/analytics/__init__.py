"""Numbers out of the store: each report is a .sql file, a module that reads it, a registry line."""
