"""The benchmark: how fast Jobtrail records, beside the service one would write instead.

``script/bench`` runs it. Nothing here is imported by the service.
"""
