"""Sketches that are learned as experiments: what their data are (`clocks`, `gauges`, `mnist`), and what comes of them
(`calibration`, `addition`)."""
