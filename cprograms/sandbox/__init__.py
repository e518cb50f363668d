"""Running programs as WebAssembly, contained. Heavy: `cprograms` imports it on first use."""

from cprograms.sandbox.running import Job, Outcomes, Status, run, run_jobs, run_many, run_with_status

__all__ = ["Job", "Outcomes", "Status", "run", "run_jobs", "run_many", "run_with_status"]
