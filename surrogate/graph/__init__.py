"""The target graph: the program itself as a torch module, exact, differentiable, its constants learnable.

Read `module` first, then what it is made of: `plan`, `operators`, `gradients`, `constants`.
"""
