"""Adapting a compiled controller to data: gradient descent through the machine, and searches that go beyond it."""
