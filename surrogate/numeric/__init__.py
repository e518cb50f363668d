"""What the targets of numeric programs share: rows in, rows out, and the error against the program.

To read in this order: `rows`, `batches`, `check`, `words`, `tables`, `commands`; `options` is of their command lines.
"""
