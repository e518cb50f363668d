"""What a surrogate may start from, and the training of shared starts: `accelerate launch -m training.starts`.

Reading order: `tasks`, `emitted` (what the hypernetwork gives), `compiled` (what a compile gives), `table` (a row a
start: one adds a start there), `meta` (pretraining, MAML, Reptile), `tuning` (their settings).
"""
