"""Neural Programmer (Neelakantan, Le, Sutskever 2016): questions about tables become programs of four operations.

Reading order: `questions`, the language and its answers; `programs`, what operations do, their text and their C;
`programmer`, the network that chooses them; `gradients`, what becomes of a gradient before a step; `config`, `train`
and `checkpoints`, many restarts in one batch; `measure`, what they have learned; `report`, the table and its picture.
"""
