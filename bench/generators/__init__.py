"""What sends load; each generator is a process of its own and prints one line of JSON."""
