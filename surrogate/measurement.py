"""A measured error belongs to what it was measured of: of other weights it says nothing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Generic, TypeVar

R = TypeVar("R")


@dataclass(frozen=True)
class Measurement(Generic[R]):
    """A report, and the fingerprint of what it is about."""

    report: R
    fingerprint: str

    def of(self, fingerprint: str) -> R | None:
        """The report where it is about what has this fingerprint."""
        return self.report if fingerprint == self.fingerprint else None


def fingerprint(*parts: bytes) -> str:
    """A SHA-256 of all that a measured error depends on."""
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()
