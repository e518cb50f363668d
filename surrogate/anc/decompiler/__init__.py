"""From a controller back to a program: assembly with probabilities, its type, and C where there is a program.

To read in this order: `decompile`, the stages; `reading`, the likeliest program, and `softness`, which choices are not
made; `code` and `flow`, its blocks; `simplify`, `structure`, `render`, the way to C; `listing`, the text.
"""
