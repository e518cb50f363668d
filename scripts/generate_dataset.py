"""Generate programs with rows for training: parquet shards, resumable, the same for the same seed.

python scripts/generate_dataset.py --programs 400000 --seed 0 -o data/generated
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from rich.progress import track

from training.views import SPLITS, write_shard

SHARD = 2500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, required=True, help=f"programs to try, a multiple of {SHARD}")
    parser.add_argument("--seed", type=int, default=0, help="the first shard's number: shards are made from seed on")
    parser.add_argument("--split", choices=[*SPLITS, "train"], help="keep the views of one split only")
    parser.add_argument("--num-proc", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    shards = range(args.seed, args.seed + args.programs // SHARD)
    todo = {i: p for i in shards if not (p := args.output / f"{i:06d}.parquet").exists()}
    with ProcessPoolExecutor(args.num_proc) as pool:
        jobs = [pool.submit(write_shard, path, i * SHARD, SHARD, args.split) for i, path in todo.items()]
        views = sum(job.result() for job in track(jobs, description="shards"))
    print(f"{views} views in {len(todo)} new shards, {len(shards) - len(todo)} already there")


if __name__ == "__main__":
    main()
