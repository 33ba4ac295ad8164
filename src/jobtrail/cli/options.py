"""Options that several commands share, so that they read and work the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path | None,
    typer.Option(
        help="Data folder. While a server holds it, that server is asked. "
        "Without --data and --url: the setting `data` (./jobtrail-data).",
        show_default=False,
    ),
]
Url = Annotated[
    str | None,
    typer.Option(help="A running server, such as http://127.0.0.1:8080.", show_default=False),
]
Tenant = Annotated[
    str | None,
    typer.Option(
        help="projects/PROJECT/tenants/TENANT; may be left out when there is just one.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, for a program.")]
