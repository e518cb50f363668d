"""Adapting a compiled controller to data: gradient descent through the machine, and searches that go beyond it.

To read in this order: `tasks` and `distributions`, the paper's; `adapt`, many attempts; `gradient` with its `loss` and
`prior`, and `hybrid` with `search.c`, the two methods, and `both`; `outcome`, how all are measured; `watching`.
"""
