"""``jobtrail settings``: what a server started here would run with, and why."""

from __future__ import annotations

from jobtrail.cli.options import Json
from jobtrail.cli.setting_flags import all_settings, takes_settings
from jobtrail.settings import Settings


@takes_settings
def settings(settings: Settings, sources: dict[str, str], as_json: Json = False) -> None:
    """Show every setting, its value here, and which source decided it.

    Takes the flags of `serve`, so that a command line can be tried without starting anything.
    """
    show_settings(settings, sources, as_json=as_json)


def show_settings(settings: Settings, sources: dict[str, str], *, as_json: bool) -> None:
    """Print all settings as a table, or as JSON by name."""
    values = {setting.name: getattr(settings, setting.name) for setting in all_settings()}
    if as_json:
        import msgspec

        rows = {name: {"value": values[name], "source": sources[name]} for name in values}
        print(msgspec.json.format(msgspec.json.encode(rows), indent=2).decode())
        return
    from jobtrail.cli.tables import Column, print_table

    print_table(
        (Column("setting"), Column("value", is_number=True), Column("source")),
        [(name, values[name], sources[name]) for name in values],
    )
