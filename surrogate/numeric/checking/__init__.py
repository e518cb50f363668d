"""What a check finds out about a surrogate, a file for each kind of figure.

To read in this order: `errors`, by result; `regions`, where they are; `gradients`; `bounds`; `speed`; `reading`, how
they come back from JSON.
"""
