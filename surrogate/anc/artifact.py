"""The files of an exact program's artifact: matrices, assembly, the C program, and what it was adapted to."""

from __future__ import annotations

import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from cprograms.diagnostics import UsageError
from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.controller import Controller, from_matrices
from surrogate.anc.machine.instructions import INSTRUCTIONS, PUBLISHED
from surrogate.anc.machine.samples import Samples, parse_samples, samples_text

TENSORS, ASSEMBLY, C_PROGRAM, SAMPLES = "model.safetensors", "program.asm", "program.c", "samples.jsonl"
FILES = (TENSORS, ASSEMBLY, C_PROGRAM, SAMPLES)


def encode(controller: Controller, assembly: Assembly, text: str, samples: Samples | None) -> dict[str, bytes]:
    """The files, by name; SAMPLES where there are some. `text` is the C program."""
    files = {TENSORS: encode_controller(controller), ASSEMBLY: str(assembly).encode(), C_PROGRAM: text.encode()}
    return files if samples is None else files | {SAMPLES: samples_text(samples).encode()}


def encode_controller(controller: Controller) -> bytes:
    """TENSORS: the same bytes for the same matrices."""
    return save_tensors({name: m[0].detach().cpu().contiguous() for name, m in controller.matrices().items()})


def decode_controller(content: bytes, memory_size: int, registers: int) -> Controller:
    """The controller that the tensors are, of M cells and R registers.

    It chooses from as many instructions as it was written with. Raises ValueError or SafetensorError for what is none.
    """
    matrices, m, r = load_tensors(content), int(memory_size), int(registers)
    found = {name: tuple(matrix.shape) for name, matrix in matrices.items()}
    shapes = {"W_a": (r, m), "W_b": (r, m), "W_o": (r, m), "R0": (r, m), "IR0": (m,)}
    if not any(found == shapes | {"W_e": (n, m)} for n in range(PUBLISHED, len(INSTRUCTIONS) + 1)):
        raise ValueError(f"matrices of shapes {found} are not those of M = {m}, R = {r}")
    if not all(m.dtype == torch.float32 and bool(m.isfinite().all()) for m in matrices.values()):
        raise ValueError("a matrix has entries that are not finite float32 numbers")
    return from_matrices({name: matrix[None] for name, matrix in matrices.items()})


def decode_samples(content: bytes, memory_size: int) -> Samples:
    """The rows of SAMPLES. Raises ValueError for what are none."""
    try:
        return parse_samples(content.decode(), memory_size, SAMPLES)
    except UsageError as e:
        raise ValueError(str(e)) from e
