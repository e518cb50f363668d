"""Neural Programmer (Neelakantan, Le, Sutskever 2016): questions about tables become programs of four operations.

Reading order: `questions`, the language and its answers; `programs`, what operations do, their text and their C;
`machine`, the same softly on many tables; `programmer`, the network that chooses operations; `likelihood`, its losses;
`gradients`, what becomes of a gradient before a step; `config`, `checkpoints` and `train`, many restarts in one batch;
`measure`, what they have learned; `runs` and `report`, the table and its picture; `asking`, about a file.
"""
