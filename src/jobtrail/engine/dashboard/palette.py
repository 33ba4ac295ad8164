"""Colours of what is counted, on a light page; ``page.css`` has them too, and the dark ones."""

from __future__ import annotations

from jobtrail.events import EventType

STAGES = {
    "impression": "#7485b3",
    "view": "#3b6fd4",
    "application_start": "#148a99",
    "application_finish": "#2a9156",
    "interview": "#c77c12",
    "hire": "#b03f8a",
}
"""One hue for each stage; types of one stage are lighter shades of it."""

TYPES = {
    EventType.IMPRESSION: STAGES["impression"],
    EventType.NOTIFICATION: "#a9b4d2",
    EventType.VIEW: STAGES["view"],
    EventType.VIEW_REDIRECT: "#85a8ea",
    EventType.BOOKMARK: "#8a6fc7",
    EventType.APPLICATION_START: STAGES["application_start"],
    EventType.APPLICATION_START_FROM_SEARCH: "#4fb1bd",
    EventType.APPLICATION_REDIRECT: "#86cbd3",
    EventType.APPLICATION_REDIRECT_FROM_SEARCH: "#b3dfe4",
    EventType.APPLICATION_FINISH: STAGES["application_finish"],
    EventType.APPLICATION_QUICK_SUBMISSION: "#74bf93",
    EventType.APPLICATION_COMPANY_SUBMIT: "#93a37c",
    EventType.SENT_CV: "#a68a76",
    EventType.INTERVIEW_GRANTED: STAGES["interview"],
    EventType.HIRED: STAGES["hire"],
}
"""In the order of a seeker's way, which is also that of the legend."""


def stage_variable(stage: str) -> str:
    """Name the CSS variable of a stage's colour."""
    return f"--stage-{stage.replace('_', '-')}"


def type_variable(event_type: EventType) -> str:
    """Name the CSS variable of a type's colour."""
    return f"--type-{event_type.name.lower().replace('_', '-')}"


def faded(color: str, opacity: float) -> str:
    """Write a colour ``#rrggbb`` as one that lets the page through."""
    red, green, blue = (int(color[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity:g})"
