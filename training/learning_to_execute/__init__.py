"""Learning to execute (Zaremba, Sutskever 2014): an LSTM reads a program and writes what it prints.

Reading order: `curricula`, `programs`, `tasks`, `streams`, `lstm`, `config`, `checkpoints`, `train` (the loop); `grid`,
`report` (many runs and their page); `functions`, `comparison` (C functions, beside surrogates).
"""
