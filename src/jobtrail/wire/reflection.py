"""gRPC reflection, v1 and v1alpha: tools such as grpcurl ask here what the server speaks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf.message import DecodeError

from jobtrail.errors import Code, Reason, Rejected
from jobtrail.wire.messages import FILES, POOL, SERVICES, ReflectionRequest, ReflectionResponse


def answer(version: str, message: bytes) -> bytes | Rejected:
    """Answer one ``ServerReflectionRequest`` of a stream.

    Args:
        version: ``v1`` or ``v1alpha``; they differ in name alone.
        message: Without its frame.

    Returns:
        The response; what cannot be found is an ``error_response`` in it, and the stream goes on.
    """
    try:
        request = ReflectionRequest[version].FromString(message)
    except DecodeError:
        return Rejected(Reason.BODY_UNREADABLE, "The request is not a ServerReflectionRequest")
    response = ReflectionResponse[version](valid_host=request.host, original_request=request)
    question = request.WhichOneof("message_request")
    if question == "list_services":
        for name in SERVICES:
            response.list_services_response.service.add(name=name)
    elif question is None:
        _refuse(response, Code.INVALID_ARGUMENT, "message_request is not set")
    else:
        try:
            _find(question, request, response)
        except KeyError:
            _refuse(response, Code.NOT_FOUND, f"{question} names nothing that is served here")
    packed: bytes = response.SerializeToString()
    return packed


def _find(question: str, request: Any, response: Any) -> None:
    """Fill in the answer to one question about the pool.

    Raises:
        KeyError: If the pool has nothing of that name.
    """
    if question == "all_extension_numbers_of_type":
        kind = POOL.FindMessageTypeByName(request.all_extension_numbers_of_type)
        numbers = sorted(extension.number for extension in POOL.FindAllExtensions(kind))
        response.all_extension_numbers_response.base_type_name = kind.full_name
        response.all_extension_numbers_response.extension_number.extend(numbers)
        return
    if question == "file_by_filename":
        file = POOL.FindFileByName(request.file_by_filename)
    elif question == "file_containing_symbol":
        file = _file_of_symbol(request.file_containing_symbol)
    else:
        asked = request.file_containing_extension
        kind = POOL.FindMessageTypeByName(asked.containing_type)
        extension: Any = POOL.FindExtensionByNumber(kind, asked.extension_number)
        file = extension.file
    found = dict.fromkeys(_with_imports(file))
    response.file_descriptor_response.file_descriptor_proto.extend(FILES[name] for name in found)


def _file_of_symbol(symbol: str) -> Any:
    try:
        return POOL.FindFileContainingSymbol(symbol)
    except KeyError:
        # The pool does not count methods among its symbols; grpcurl asks for them.
        return POOL.FindMethodByName(symbol).containing_service.file


def _with_imports(file: Any) -> Iterator[str]:
    yield file.name
    for imported in file.dependencies:
        yield from _with_imports(imported)


def _refuse(response: Any, code: Code, message: str) -> None:
    response.error_response.error_code = int(code)
    response.error_response.error_message = message
