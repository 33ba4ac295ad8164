"""The words of the demo's market: professions, places and the parts of company names.

Company names are put together from invented stems, so none of them is meant to be a real one.
"""

from __future__ import annotations

import msgspec


class Profession(msgspec.Struct, frozen=True):
    """A family of jobs that one person would look for."""

    key: str
    titles: tuple[str, ...]
    salary: int
    """Yearly pay at the middle level, in thousands."""
    share: float
    """How many of the market's jobs are of this family, relative to the others."""
    neighbours: tuple[str, ...]
    """Families that also come up when somebody searches for this one."""


PROFESSIONS: tuple[Profession, ...] = (
    Profession(
        "software",
        (
            "Software Engineer",
            "Backend Developer",
            "Frontend Developer",
            "Cloud Engineer",
        ),
        68,
        1.4,
        ("data", "support"),
    ),
    Profession(
        "data",
        ("Data Engineer", "Data Analyst", "Machine Learning Engineer", "BI Developer"),
        66,
        1.0,
        ("software", "finance"),
    ),
    Profession(
        "nursing",
        ("Registered Nurse", "Care Assistant", "Midwife", "Nursing Ward Manager"),
        42,
        1.3,
        ("social",),
    ),
    Profession(
        "sales",
        ("Account Manager", "Sales Representative", "Business Developer", "Key Account Manager"),
        52,
        1.2,
        ("marketing", "support"),
    ),
    Profession(
        "logistics",
        ("Truck Driver", "Warehouse Operative", "Forklift Driver", "Dispatch Coordinator"),
        34,
        1.3,
        ("trades",),
    ),
    Profession(
        "trades",
        ("Electrician", "Plumber", "Heating Engineer", "Maintenance Technician"),
        40,
        1.1,
        ("logistics",),
    ),
    Profession(
        "finance",
        ("Accountant", "Financial Controller", "Payroll Clerk", "Auditor"),
        56,
        0.9,
        ("data", "office"),
    ),
    Profession(
        "office",
        ("Office Manager", "Receptionist", "Executive Assistant", "HR Officer"),
        39,
        1.0,
        ("finance", "support"),
    ),
    Profession(
        "support",
        ("Customer Service Agent", "Technical Support Specialist", "Service Desk Analyst"),
        36,
        1.0,
        ("office", "sales"),
    ),
    Profession(
        "hospitality",
        ("Chef de Partie", "Waiter", "Hotel Receptionist", "Restaurant Manager"),
        31,
        1.1,
        ("office",),
    ),
    Profession(
        "marketing",
        ("Marketing Manager", "Content Editor", "Performance Marketer", "Graphic Designer"),
        50,
        0.8,
        ("sales",),
    ),
    Profession(
        "social",
        ("Kindergarten Teacher", "Social Worker", "Youth Counsellor", "Special Needs Teacher"),
        41,
        0.9,
        ("nursing",),
    ),
)

CITIES: tuple[tuple[str, float], ...] = (
    ("Berlin", 1.5),
    ("Hamburg", 1.1),
    ("Munich", 1.1),
    ("Vienna", 1.0),
    ("Zurich", 0.8),
    ("Amsterdam", 1.0),
    ("Lyon", 0.7),
    ("Madrid", 0.9),
)
"""Places and how many people and jobs each has, relative to the others."""

LEVELS: tuple[tuple[str, float, float], ...] = (
    ("Junior", 0.25, 0.78),
    ("", 0.50, 1.0),
    ("Senior", 0.25, 1.28),
)
"""What is put before a title, its share, and what it does to the pay."""

COMPANY_STEMS = (
    "Velora", "Quintar", "Ostrava", "Bramwick", "Tessaly", "Norrend", "Calpane", "Ixora",
    "Maridan", "Fennwell", "Korvia", "Lumetra", "Sundale", "Harrow Vale", "Pellworm", "Arcadel",
)  # fmt: skip
COMPANY_TAILS = ("Group", "Services", "Works", "Partners")
AGENCY_TAIL = "Staffing"
