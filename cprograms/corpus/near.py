"""Near-duplicate texts: MinHash over runs of tokens (Broder, "On the resemblance and containment of documents", 1997).

Signatures are rows of one numpy matrix, half a kilobyte a program, and candidates come from sorting bands of it: a
million programs fit in the memory of one process, which an index of Python objects would not.
"""

from __future__ import annotations

import re
import zlib
from functools import lru_cache
from itertools import pairwise

import numpy as np

from cprograms.corpus.tokens import canonical, masked

RUN = 5
"""Tokens of a shingle."""
_BANDS, _BAND = 24, 5
SIGNATURE = _BANDS * _BAND
NEAR = 0.8
"""Share of equal shingles from which two programs are near-duplicates."""
_COMPARED = 32
"""Programs of one bucket that each of it is compared with."""

_NUMBERED = re.compile(r"v\d+")
_RNG = np.random.default_rng(1997)
_ODD = _RNG.integers(0, 2**63, SIGNATURE, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_SHIFT = _RNG.integers(0, 2**63, SIGNATURE, dtype=np.uint64)
_PLACE = _RNG.integers(0, 2**63, RUN, dtype=np.uint64) * np.uint64(2) + np.uint64(1)


@lru_cache(maxsize=4096)
def _code(token: str) -> int:
    return zlib.crc32(token.encode()) + 1


def shingles(source: str) -> np.ndarray:
    """Hashes uint64 [n] of the distinct runs of five tokens, names and numbers masked."""
    tokens = ["v" if _NUMBERED.fullmatch(t) else t for t in masked(canonical(source))]
    codes = np.array([_code(t) for t in tokens] + [0] * max(0, RUN - len(tokens)), dtype=np.uint64)
    windows = np.lib.stride_tricks.sliding_window_view(codes, RUN)
    return np.unique((windows * _PLACE).sum(1, dtype=np.uint64))


def signature(source: str) -> np.ndarray:
    """MinHash signature uint32 [120]: the share of equal entries of two estimates the share of equal shingles."""
    mixed = shingles(source)[:, None] * _ODD + _SHIFT
    return np.asarray((mixed >> np.uint64(32)).min(0), np.uint32)


def near_pairs(signatures: np.ndarray) -> np.ndarray:
    """Pairs [n, 2] of rows of uint32 [programs, 120] that agree in at least 80 % of their entries.

    Two that agree in 80 % share one of 24 bands with probability 0.9999; in a bucket of more than 32, each is compared
    with the 32 before it only.
    """
    found = [np.empty((0, 2), np.int64)]
    for band in np.split(signatures, _BANDS, axis=1):
        order = np.lexsort(band.T)
        ordered = band[order]
        same = (ordered[1:] == ordered[:-1]).all(1)
        edges = np.flatnonzero(np.concatenate([[True], ~same, [True]]))
        found += [_agreeing(signatures, order[a:b]) for a, b in pairwise(edges.tolist()) if b - a > 1]
    return np.unique(np.concatenate(found), axis=0)


def _agreeing(signatures: np.ndarray, bucket: np.ndarray) -> np.ndarray:
    pairs = []
    for step in range(1, min(len(bucket), _COMPARED + 1)):
        a, b = bucket[:-step], bucket[step:]
        close = (signatures[a] == signatures[b]).mean(1) >= NEAR
        pairs.append(np.stack([np.minimum(a, b), np.maximum(a, b)], axis=1)[close])
    return np.concatenate(pairs)
