"""Examples of every command, which `--help` ends with."""

from __future__ import annotations

EXAMPLES = {
    "compile": (
        "kernel.c",
        "kernel.c -O2 --range x=0:10 --max-nmse 1e-4",
        "a.c b.c -Iinclude --entry kernel",
        "kernel.c --target graph",
        "sort.c --target anc --tape 8",
    ),
    "run": ("kernel.surrogate 0.5 2", "kernel.surrogate --input rows.csv --bounds", "sort.anc --tape 3,1,2"),
    "check": ("kernel.surrogate", "kernel.surrogate --rows 10000 --max-nmse 1e-4"),
    "finetune": ("kernel.surrogate --seconds 60", "kernel.surrogate --data measured.csv -o better.surrogate"),
    "report": ("kernel.surrogate -o kernel.html", "sort.anc --tape 3,1,2"),
    "optimize": (
        "kernel.surrogate --minimize cost --fix x=1",
        "kernel.surrogate --maximize 'gain - 2*loss' --subject-to 'loss <= 0.1'",
    ),
    "export": (
        "kernel.surrogate --format c",
        "kernel.surrogate --format c --guard --max-error 0.1",
        "kernel.surrogate -o kernel.onnx",
    ),
    "inspect": ("kernel.c", "kernel.c --entry helper --size w=9"),
    "replace": ("program.c --function kernel", "program.c --function kernel --args '320 200' -o replaced"),
    "learn": ("clock.c --data clocks.npz", "drag.c --data flights.csv -o drag.sketch --restarts 16"),
    "demo": ("", "-o elsewhere"),
    "trace": ("sort.anc --tape 3,1,2",),
    "decompile": ("sort.anc", "clock.sketch -o clock_found.c"),
    "adapt": ("sort.anc --task sort -o fast.anc", "sort.anc --samples rows.jsonl --seeds 20"),
    "show": ("sort.anc -o sort.html", "sort.anc -o run.html --tape 3,1,2"),
}
"""By command: what follows its name."""

WORDS = """\
words:
  artifact  what compile writes, a folder: the network, the C program, its measured error
  exact     computes what the C program does, and does not only mimic it: --target graph, anc
  tape      the memory of an anc program, void f(int *tape): cells of numbers below M

exit codes: 0 done, 1 the program was rejected or a check failed, 2 wrong usage"""


def examples_of(command: str) -> str:
    """The end of a command's help."""
    lines = (f"  surrogate {command} {example}".rstrip() for example in EXAMPLES[command])
    return "\n".join(["examples:", *lines])
