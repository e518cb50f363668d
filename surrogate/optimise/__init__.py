"""The input that is best: gradients through what was compiled, and the last word to the C program.

In reading order: `optimising`, the whole search, a line a stage; `expressions`, what users may ask for; `problem`, what
is asked of which arguments; `model`, what is believed of the program; `search`, the best points of it; `refinement`,
rows of the program that confirm and correct them; `optimum`, what is told of it; `options` and `commands`, the command
line.
"""
