"""A compiled program as a C99 header and file, read in this order: `unit`, `entry`, `network`, `graph`."""

from surrogate.export.c.unit import sources

__all__ = ["sources"]
