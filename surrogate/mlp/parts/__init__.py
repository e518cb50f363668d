"""What a surrogate is the sum of, and what it reads: each a torch module, or functions on batches of them.

In reading order: `taps`, inner values of a program that are inputs; `towers`, MLPs; `polynomial`; `kernel`; `table`.
"""
