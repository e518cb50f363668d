"""What trainings read: an example is one result of one program, encoded, with its rows.

Reading order: `example`, `shards` (parquet), `batches`, `losses`, `zero_shot` (errors straight from the hypernetwork).
"""
