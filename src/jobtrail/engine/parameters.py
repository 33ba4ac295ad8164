"""Query parameters: known ones only, each once, typed and bounded."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from starlette.requests import Request

from jobtrail.engine.refusals import InvalidRequest

OFFSET_MAX = 2**63 - 1
_VALUE_CHARS_MAX = 2_000


def parameters_of(request: Request, *, known: Collection[str]) -> dict[str, str]:
    """Return the query parameters by name, leaving out empty ones.

    A misspelt parameter would otherwise change nothing and seem to work.

    Raises:
        InvalidRequest: One is unknown, given twice, too long, or holds a NUL.
    """
    found: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in known:
            raise InvalidRequest(name[:100], f"is not a parameter here; known: {_listed(known)}")
        if name in found:
            raise InvalidRequest(name, "is given more than once")
        if len(value) > _VALUE_CHARS_MAX:
            raise InvalidRequest(name, f"has more than {_VALUE_CHARS_MAX} characters")
        if "\0" in value:
            raise InvalidRequest(name, "holds a NUL character")
        found[name] = value
    return {name: value for name, value in found.items() if value}


def whole_number(
    parameters: Mapping[str, str], name: str, *, default: int, least: int, most: int
) -> int:
    """Read a parameter as a whole number from *least* to *most*.

    Raises:
        InvalidRequest: It is something else.
    """
    text = parameters.get(name)
    if text is None:
        return default
    # isdecimal() alone takes other scripts' digits, and int() takes underscores and signs.
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(OFFSET_MAX))
    if not is_number or not least <= int(text) <= most:
        raise InvalidRequest(name, f"must be a whole number from {least} to {most}")
    return int(text)


def one_of(parameters: Mapping[str, str], name: str, choices: Collection[str]) -> str:
    """Read a parameter that has few values; the first is the default.

    Raises:
        InvalidRequest: It is something else.
    """
    value = parameters.get(name)
    if value is None:
        return next(iter(choices))
    if value not in choices:
        raise InvalidRequest(name, f"must be one of {_listed(choices)}")
    return value


def _listed(names: Collection[str]) -> str:
    return ", ".join(names) if names else "none"
