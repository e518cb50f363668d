"""The target mlp: a hypernetwork reads a numeric program and emits the weights of a small MLP, its surrogate.

In reading order: `pipeline`, a compile from end to end; `encoding`, what the hypernetwork reads of a graph, and
`hypernetwork`; `emit`, from graphs and rows to `towers`; `rows`, what is executed; `finetune`, -O2; `network`, what is
emitted as a torch module. `artifact` is what a compile gives, with `check`, its error, and `card`. `pretrained` and
`hub` find and wrap trained hypernetworks. `target` and `commands` are the driver's and the command line's side,
`tables` the CSV files that they read.
"""
