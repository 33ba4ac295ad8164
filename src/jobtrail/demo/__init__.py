"""A seeded job market that behaves like a real one, and the way it is recorded.

market      jobs, companies and people who look for work
behaviour   what those people do: searches, views, applications, interviews, hires
delivery    how it reaches a server: late, twice, with wrong clocks, sometimes refused; and what
            a correct server answers
recording   the sending itself, through Google's published client

Everything follows from a seed and a reference time; nothing here reads the clock or the network
but ``recording``.
"""
