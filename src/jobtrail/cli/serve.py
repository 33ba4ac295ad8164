"""``jobtrail serve``: run the service."""

from __future__ import annotations

from typing import Annotated

import typer

from jobtrail.cli.setting_flags import takes_settings
from jobtrail.cli.settings import show_settings
from jobtrail.settings import Settings


@takes_settings
def serve(
    settings: Settings,
    sources: dict[str, str],
    print_settings: Annotated[
        bool, typer.Option("--print-settings", help="Show the settings and stop.")
    ] = False,
) -> None:
    """Run the service until it is told to stop.

    It records events over gRPC and REST on one port, shows a page on the same port, and prints one
    line when it is ready. A flag beats the environment, which beats the TOML file.
    """
    if print_settings:
        show_settings(settings, sources, as_json=False)
        return
    from jobtrail.supervisor import serve as run_service

    raise typer.Exit(run_service(settings))
