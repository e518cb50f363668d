"""Training the hypernetwork and what it is compared with, and measuring them.

Reading order, each module and package importing only from those before it:

- `config` (YAML into dataclasses), `arrays`, `errors` (what they come to), `grid_search`, `markdown`
- `held_out`: results of held-out programs with the sandbox's rows
- `examples`: what trainings read
- `finetuning`: many towers fine-tuned at once
- `loop`: the explicit training loop
- `hypernetwork`: the surrogate compiler's training
- `starts`: what a surrogate may start from, and the training of the starts that it is compared with
- `evaluation`: the protocol and the other measurements
- `learning_to_execute`: a network that reads a program and acts itself, for comparison

`configs` holds the YAML files of trainings.
"""
