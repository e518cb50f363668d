"""Fitting the parts of a surrogate to rows.

In reading order: `start`, the emitted network and rows that cost nothing; `finetune`, Levenberg–Marquardt on exactly so
many rows, and `growth`, on rows that grow; `choice`, -O2, the best part for each result; `portfolio`, -O3; `sobolev`,
exactly so many rows and the graph's derivatives at them, by `derived`, `hermite` and `tangents`; `tuning`, what a
fine-tuning does with all of it; `regression`, rows without a program. `safeguards` keep results from being worse than
their mean; `scale` says at -O0, without any row, how large they are.
"""
