"""From graphs and rows to weights: the surrogate compiler's own network.

In reading order: `encoding`, what the hypernetwork reads of a graph; `hypernetwork`; `emit`, its forward pass in
batches, the rows' steps included. `pretrained` and `hub` find and wrap trained hypernetworks.
"""
