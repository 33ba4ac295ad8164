"""What every test run knows of; at the root because pytest takes plugins from there alone."""

pytest_plugins = ["tests.plugins.groups"]
