"""A compiled program as an ONNX model, read in this order: `model`, `network`, `graph`, `building`."""
