"""The neural programmer-interpreter (Reed, de Freitas 2016; recursion: Cai, Shin, Song 2017), on traces of C programs.

Reading order: `tasks` (the C programs and their tapes), `frames`, `network` (the model), `running`, `proof`, `config`,
`checkpoints`, `train` (the loop); `experiment`, `report` (every task over several seeds, and the table).
"""
