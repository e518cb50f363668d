"""Studies of one question each, which `scripts/study` runs."""
