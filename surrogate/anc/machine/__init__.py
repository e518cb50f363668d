"""The machine, to read in this order: `instructions`, `assembly`, `interpreter` over integers (in C, as a `kernel`),
`controller` (the matrices), `machine` over distributions, `tracing`, and `samples`, tapes before and after a run.
"""
