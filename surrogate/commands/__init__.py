"""The commands of `surrogate`, a module for each target. Heavy modules are imported by the command that needs them."""
