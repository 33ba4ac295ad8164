"""The engine's routes, one module for each group of paths."""
