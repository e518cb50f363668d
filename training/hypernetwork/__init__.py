"""The training of the surrogate compiler: `accelerate launch -m training.hypernetwork`.

Reading order: `train` (config, loss, trainer, command), `stages` (one training after the other in one file), `scaling`
(how errors fall with examples and width).
"""
