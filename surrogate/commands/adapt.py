"""The command that adapts an exact program to tapes."""

from __future__ import annotations

import argparse


def adapt_command(options: argparse.Namespace) -> int:
    raise NotImplementedError
