"""The command line's side of a terminal.

In reading order: `starting` and `interrupts`, Ctrl-C; `arguments`, the parser; `console`, reports and messages that fit
the terminal.
"""
