"""Where a command's data comes from: a running server, or a data folder that nobody holds.

Both answer the same requests with the same JSON. A folder is answered for by the engine's own
application, called in this process without a port, so there is one way to read and not two.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from jobtrail import names
from jobtrail.cli.exits import CommandFailed, Exit, unavailable, usage
from jobtrail.datafolder import read_holder
from jobtrail.settings import Settings, SettingsError, load_settings

Parameters = Mapping[str, Any]

TIMEOUT_S = 60.0
"""Longer than the server's own bounds, whose messages say more than a closed connection."""


class Source(Protocol):
    """Something that answers the requests of ``/v1``."""

    name: str
    """What to call it in a message."""

    def get(self, path: str, parameters: Parameters) -> bytes:
        """Return the body of the answer.

        Raises:
            CommandFailed: There is none, or it is an error; with the server's own words.
        """
        ...


def read_settings(data: Path | None) -> Settings:
    """Read the settings as a server would that is started here, on *data* when it is given."""
    try:
        return load_settings({"data": None if data is None else str(data)})
    except SettingsError as error:
        usage("\n".join(["these settings are wrong:", *(f"  {m}" for m in error.mistakes)]))


@contextmanager
def open_source(data: Path | None, url: str | None, *, load: bool = True) -> Iterator[Source]:
    """Connect to a server, or open a data folder that no server holds.

    Args:
        data: Data folder; ``None`` is the one of the settings.
        url: A server's address; the folder does not matter then.
        load: Bring the folder's store up to its log first. A server does so all the time.

    Raises:
        CommandFailed: With ``Exit.UNAVAILABLE`` when there is neither.
    """
    settings = read_settings(data)
    address = server_address(settings, data, url)
    if address:
        from jobtrail.cli.server import Server

        with Server.connect(address, tls_context(settings)) as server:
            yield server
        return
    from jobtrail.cli.folder import open_folder

    with open_folder(settings, load=load) as folder:
        yield folder


def server_address(settings: Settings, data: Path | None, url: str | None) -> str:
    """Say which server to ask; empty when no server holds the data folder."""
    if url and data:
        usage("give --data or --url, not both: a server has a data folder of its own")
    if url:
        if not url.startswith(("http://", "https://")):
            usage(f"--url {url}: must begin with http:// or https://")
        return url.rstrip("/")
    folder = Path(settings.data)
    holder = read_holder(folder)
    if holder is None:
        return ""
    if not holder.url:
        unavailable(
            f"the data folder {folder} is held by process {holder.pid}, which is not ready yet; "
            "try again in a moment"
        )
    return holder.url


def require_server(data: Path | None, url: str | None) -> tuple[Settings, str]:
    """Say which server to ask, for a command that cannot do without one."""
    settings = read_settings(data)
    address = server_address(settings, data, url)
    if not address:
        unavailable(
            f"no server runs on the data folder {settings.data}; start one with "
            f"`jobtrail serve --data {settings.data}`, or name another with --url"
        )
    return settings, address


def tls_context(settings: Settings) -> ssl.SSLContext:
    """Trust what this machine trusts, and the certificate that a server here would show."""
    context = ssl.create_default_context()
    if settings.tls_cert:
        try:
            context.load_verify_locations(settings.tls_cert)
        except OSError as error:
            usage(f"the certificate {settings.tls_cert} cannot be read: {error}")
    return context


def get_json(source: Source, path: str, parameters: Parameters) -> Any:
    """Get an answer and decode it."""
    import msgspec

    try:
        return msgspec.json.decode(source.get(path, parameters))
    except msgspec.DecodeError:
        unavailable(f"{source.name} does not answer as Jobtrail does; is the address right?")


def tenant_path(tenant: str, rest: str) -> str:
    """Write the path of something that belongs to *tenant*; *rest* begins with a slash."""
    return "/v1/" + "/".join(quote(part, safe="") for part in tenant.split("/")) + rest


def choose_tenant(source: Source, given: str | None) -> str:
    """Return the tenant to work with: the one given, else the only one there is.

    Raises:
        CommandFailed: With ``Exit.USAGE`` when it is malformed or there are several to choose from,
            with ``Exit.FOUND`` when there is none yet.
    """
    if given is not None:
        return check_tenant(given)
    known = list_tenants(source)
    if not known:
        raise CommandFailed(f"{source.name} has no events yet, so no tenant either", Exit.FOUND)
    if len(known) > 1:
        usage("\n".join(["say which tenant with --tenant; there are:", *(f"  {t}" for t in known)]))
    return known[0]


def check_tenant(given: str) -> str:
    """Refuse what is no tenant's name before anything is asked."""
    if not names.is_tenant(given):
        usage(f"--tenant {given}: must be projects/PROJECT/tenants/TENANT")
    return given


def list_tenants(source: Source) -> list[str]:
    """List the tenants that have events, by name; at most the first thousand."""
    answer = get_json(source, "/v1/tenants", {"pageSize": 1_000})
    return [tenant["name"] for tenant in answer["tenants"]]
