"""The engine's process: it loads the log into the store and answers reports and pages."""
