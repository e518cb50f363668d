"""How many runs of a C program it takes to find its best input, through a surrogate and without one.

In reading order: `problems`, the table; `rivals`, SciPy's methods; `measure`, all of them on one problem; `report`.
"""
