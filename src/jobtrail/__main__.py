"""``python -m jobtrail``: the same as the ``jobtrail`` script, for a known interpreter."""

from jobtrail.cli import main

if __name__ == "__main__":
    main()
