"""The artifact of an exact program: matrices, assembly, the C program, a card, and what it was adapted to."""

from __future__ import annotations

from os import PathLike
from typing import Any

import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from cprograms.diagnostics import UsageError
from surrogate.anc.adaptation.distributions import Samples
from surrogate.anc.card import card
from surrogate.anc.check import ExactReport
from surrogate.anc.machine.controller import INSTRUCTIONS, Controller, from_matrices
from surrogate.anc.machine.samples import parse_samples, samples_text
from surrogate.anc.program import AncProgram
from surrogate.container import header, write

TENSORS, ASSEMBLY, C_PROGRAM, SAMPLES = "model.safetensors", "program.asm", "program.c", "samples.jsonl"
FILES = (TENSORS, ASSEMBLY, C_PROGRAM)
OPTIONAL_FILES = (SAMPLES,)


def save(program: AncProgram, path: str | PathLike[str]) -> None:
    """Write an artifact, all or nothing; an artifact that was there is replaced at once.

    Raises UsageError where something else than an artifact is in the way, or where writing fails (permissions, a full
    disk).
    """
    matrices = {name: matrix[0].detach().contiguous() for name, matrix in program.controller.matrices().items()}
    files = {
        TENSORS: save_tensors(matrices),
        ASSEMBLY: str(program.program).encode(),
        C_PROGRAM: program.text.encode(),
        "README.md": card(program).encode(),
    }
    if program.samples is not None:
        files[SAMPLES] = samples_text(program.samples).encode()
    write(path, config_of(program), files)


def config_of(program: AncProgram) -> dict[str, Any]:
    """What `config.json` and `compile --json` say of a program, without the files' hashes."""
    return header("anc", program.entry) | {
        "memory_size": program.memory_size,
        "registers": program.controller.register_count,
        "lines": len(program.program),
        "tape": program.tape,
        "type": program.kind,
        "adaptation": program.adaptation,
        "measured": program.measured.as_dict() if program.measured else None,
    }


def decode(config: dict[str, Any], files: dict[str, bytes]) -> AncProgram:
    """The program that a configuration and the files of FILES describe.

    Raises KeyError, TypeError, ValueError or SafetensorError where they do not fit together.
    """
    controller = _controller(load_tensors(files[TENSORS]), config["memory_size"], config["registers"])
    if config["type"] not in (1, 2, 3):
        raise ValueError(f"type {config['type']!r}")
    program = AncProgram(
        entry=config["entry"],
        text=files[C_PROGRAM].decode(),
        tape=int(config["tape"]),
        controller=controller,
        samples=_samples(files[SAMPLES], controller.memory_size) if SAMPLES in files else None,
        adaptation=config["adaptation"],
        kind=config["type"],
        measured=ExactReport.from_dict(config["measured"]) if config["measured"] else None,
    )
    if str(program.program) != files[ASSEMBLY].decode():
        raise ValueError(f"{ASSEMBLY} is not what the matrices say")
    return program


def _samples(content: bytes, memory_size: int) -> Samples:
    try:
        return parse_samples(content.decode(), memory_size, SAMPLES)
    except UsageError as e:
        raise ValueError(str(e)) from e


def _controller(matrices: dict[str, torch.Tensor], memory_size: int, registers: int) -> Controller:
    m, r = int(memory_size), int(registers)
    shapes = {"W_e": (INSTRUCTIONS, m), "W_a": (r, m), "W_b": (r, m), "W_o": (r, m), "R0": (r, m), "IR0": (m,)}
    found = {name: tuple(matrix.shape) for name, matrix in matrices.items()}
    if found != shapes:
        raise ValueError(f"matrices of shapes {found} are not those of M = {m}, R = {r}")
    if not all(m.dtype == torch.float32 and bool(m.isfinite().all()) for m in matrices.values()):
        raise ValueError("a matrix has entries that are not finite float32 numbers")
    return from_matrices({name: matrix[None] for name, matrix in matrices.items()})
