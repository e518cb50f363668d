"""What one does with a surrogate, shown on a slow function that comes with the package: `session`."""
