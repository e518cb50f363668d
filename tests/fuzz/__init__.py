"""Random C programs without undefined behaviour, and what gcc, the sandbox and the lowered graph make of them.

In reading order: `values`, C's arithmetic on bounds; `expressions`, `statements`, `programs`, what is written;
`compare`, and its command.
"""
