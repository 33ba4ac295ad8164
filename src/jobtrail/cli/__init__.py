"""The command line: one module per command, and nothing heavy imported before a command runs."""

from __future__ import annotations


def main() -> None:
    """Run the command that ``sys.argv`` names and leave the process with its exit code."""
    from jobtrail.cli.app import run

    run()
