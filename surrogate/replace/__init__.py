"""A whole C program with a surrogate in the place of one function: built, run and compared with the original.

Read `pipeline` first, a line a stage; then `rewriting` (the program's text), `profiling` (what the function is called
with), `building` and `running` (native code of the user's own program), and `comparison` (what both print and write).
"""
