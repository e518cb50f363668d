"""Sketches that are learned as experiments: what their data are (`clocks`), and what comes of them (`calibration`)."""
