"""Sketches that are learned as experiments: what their data are (`clocks`, `gauges`, `mnist`, `operators`, `grids`,
`stream`, `expressions`), what comes of them (`calibration`, `induction`, `lifelong`), and what they are compared with
(`columns`)."""
