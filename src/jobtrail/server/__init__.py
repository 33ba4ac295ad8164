"""The collector's side of the network: the front door and what answers behind it."""
