"""What one takes a compiled program elsewhere with: C, ONNX, torch.export, a module of numpy.

Read `c/unit.py` first, then `c/network.py`: a C file from its parts.
"""
