"""Sketches that are learned as experiments: what their data are (`clocks`, `mnist`), and what comes of them
(`calibration`, `addition`)."""
