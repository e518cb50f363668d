"""What the targets of numeric programs share: rows in, rows out, and the error against the program.

To read in this order: `rows`, `batches`, `checking`, `check`, `artifact`; then what is said: `words`, `layout`,
`cards`, `tables`, `exact`, `bounded`; then `commands`. `options` is of their command lines.
"""
