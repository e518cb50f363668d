"""Running programs as WebAssembly, contained. Heavy: `cprograms` imports it on first use.

In reading order: `assignment`, which variables may be read unset; `printing`, `objects` and `memory`, the parts of the
C text that is compiled, and `source`, the whole; `toolchain`, from it to a module; `running`, its rows; `status`, what
becomes of them, and `faults`, why.
"""

from cprograms.sandbox.faults import Fault, why
from cprograms.sandbox.running import Outcomes, run, run_jobs, run_many, run_with_status
from cprograms.sandbox.source import Job
from cprograms.sandbox.status import Status

__all__ = ["Fault", "Job", "Outcomes", "Status", "run", "run_jobs", "run_many", "run_with_status", "why"]
