"""``python -m jobtrail.engine``: what the supervisor starts."""

from jobtrail.engine.main import main

raise SystemExit(main())
