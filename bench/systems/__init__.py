"""What is measured: Jobtrail, and the service that one would write instead."""
