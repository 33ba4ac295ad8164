"""Admission: each event passes the named steps or is rejected with a reason, and is checked for
oddities that are kept with it."""
