"""Bytes to domain objects and back: the only place that sees protobuf and JSON.

``decode`` reads requests, ``encode`` writes events, ``status`` writes refusals and failures;
``frames``, ``bodies``, ``paths``, ``query`` and ``deadline`` read what surrounds a message;
``health``, ``operations`` and ``reflection`` are the small standard services.
"""
