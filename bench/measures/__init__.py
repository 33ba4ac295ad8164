"""What is measured, one thing each; ``plan.py`` says in which order."""
