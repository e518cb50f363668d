"""Running programs as WebAssembly, contained. Heavy: `cprograms` imports it on first use.

In reading order: `assignment`, which variables may be read unset; `source`, the C text that is compiled; `toolchain`,
from it to a module; `running`, its rows.
"""

from cprograms.sandbox.running import Job, Outcomes, Status, run, run_jobs, run_many, run_with_status

__all__ = ["Job", "Outcomes", "Status", "run", "run_jobs", "run_many", "run_with_status"]
