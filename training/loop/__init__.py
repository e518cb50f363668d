"""The explicit training loop on Accelerate.

Reading order: `config` (the settings of every training), `trainer` (the loop and its checkpoints), `command`.
"""
