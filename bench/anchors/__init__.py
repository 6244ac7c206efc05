"""What we are measured against, run in the same hour on the same machine."""
