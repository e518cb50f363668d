"""Running programs as WebAssembly, contained. Heavy: `cprograms` imports it on first use."""

from cprograms.sandbox.running import Rows, Status, run, run_many, run_with_status

__all__ = ["Rows", "Status", "run", "run_many", "run_with_status"]
