"""The target graph: the program itself as a torch module, exact, differentiable, its constants learnable.

In reading order: `pipeline`, a compile from end to end; `module`, the torch module; what it is made of: `operators`,
what each computes, `planner`, from a graph to the `plan` of its steps, `nesting` and `loops`, loops that are computed,
`gradients`, which do not leak; `constants`, which are learnable, and `fit`, which fits them to rows. `artifact` is what
a compile gives, with `stored`, the graph as plain data, and `card`. `target` and `commands` are the driver's and the
command line's side.
"""
