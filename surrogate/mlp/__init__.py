"""The target mlp: a hypernetwork reads a numeric program and emits the weights of a small MLP, its surrogate.

In reading order: `pipeline`, a compile from end to end; `emission`, the hypernetwork; `parts` and `network`, what a
surrogate is as a torch module; `fitting`, what makes it better. `artifact` is what a compile gives, with its `card`.
`target`, `commands` and `inspection` are the driver's and the command line's side, `regressor` scikit-learn's.
"""
