"""What learning a sketch yields: the choices, the constants and the networks, and both on disk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from cprograms.diagnostics import ProgramError
from cprograms.frontend.sketching import Sketch, filled, read_sketch
from cprograms.program import Signature
from cprograms.screen import on_screen
from surrogate.container import CARD, ensure_free, first_message, header, self_contained, write
from surrogate.sketch.data import Examples, examples_of
from surrogate.sketch.kernels import restored, stored
from surrogate.sketch.learning import accuracies
from surrogate.sketch.model import Model
from surrogate.sketch.networks import ensure_registered
from surrogate.version import __version__

TENSORS, C_PROGRAM = "model.safetensors", "program.c"
FILES = (TENSORS, C_PROGRAM)


@dataclass(eq=False, repr=False, kw_only=True)
class SketchProgram:
    """A sketch with what was learned. `model` has one restart; `learned` says how it was learned, for the card."""

    sketch: Sketch
    model: Model
    learned: dict[str, Any] = field(default_factory=dict)

    @property
    def entry(self) -> str:
        return self.sketch.program.entry

    @property
    def chosen(self) -> dict[str, int | float]:
        """The value of every choice and constant by its name in C, as "op[2]"."""
        return self.model.chosen()

    def __repr__(self) -> str:
        """A screen at most."""
        return on_screen([f"Sketch of '{self.entry}'", *self.lines()])

    def lines(self) -> list[str]:
        """What was learned, a line each."""
        found = [f"{c.name} = {_elements(c.name, c.shape, self.chosen)}" for c in self.sketch.choices]
        found += [f"{c.name} = {_elements(c.name, c.shape, self.chosen)}" for c in self.sketch.constants]
        return [*found, *(f"{name}: {about}" for name, about in self.networks().items())]

    def networks(self) -> dict[str, str]:
        """Each learned function in words."""
        found = {}
        for f in self.sketch.learned:
            gives = f"one of {f.values} values" if f.values else "a number"
            found[f.name] = f"{self.model.networks.of(f.name).about}, which gives {gives}"
        return found

    def run(self, arrays: Mapping[str, Any] | Examples) -> np.ndarray:
        """The results for arrays by name, or examples: float64 [n, results], NaN where C's behaviour is undefined."""
        given = arrays if isinstance(arrays, Examples) else examples_of(self.sketch, arrays, with_results=False)
        return np.asarray(self.model.answers(given.inputs)[0])

    def check(self, arrays: Mapping[str, Any] | Examples) -> float:
        """The share of examples on which all results are right; of a sketch of floating numbers 1 less the nMSE."""
        given = arrays if isinstance(arrays, Examples) else examples_of(self.sketch, arrays)
        return float(accuracies(self.model, given)[0])

    def decompile(self) -> str:
        """The C program with every choice and constant filled in; learned functions stay undefined."""
        comments = {name: f"{about}; its weights are in {TENSORS}" for name, about in self.networks().items()}
        return filled(self.sketch, self.chosen, comments)

    def save(self, path: str | PathLike[str]) -> None:
        """Write an artifact, all or nothing. Raises UsageError where something else is in the way, or writing fails."""
        kernels = stored(self.model.kernels)
        ensure_free(Path(path), (*FILES, *kernels))
        files = {TENSORS: save_tensors(_tensors(self.model)), C_PROGRAM: self.sketch.text.encode(), **kernels}
        write(path, self.config(), files | {CARD: self._card().encode()})

    def config(self) -> dict[str, Any]:
        """What `config.json` says, without the files' hashes."""
        return header("sketch", self.entry) | {
            "modulus": self.sketch.modulus,
            "chosen": self.chosen,
            "networks": {f.name: self.model.networks.of(f.name).described for f in self.sketch.learned},
            "learned": self.learned,
        }

    def _card(self) -> str:
        said = json.dumps(self.learned, indent=2)
        return "\n".join(
            [
                "---",
                "library_name: surrogate-compiler",
                "tags: [neural-compilation, c]",
                "---",
                f"# `{self.entry}`, a sketch with what was learned",
                "",
                f"Learned by surrogate-compiler {__version__} from examples. `program.c` is the sketch,"
                f" `model.safetensors` the networks and choices; `surrogate decompile` prints the program:",
                "",
                "```c",
                self.decompile(),
                "```",
                "",
                "```json",
                said,
                "```",
                "",
            ]
        )


def _tensors(model: Model) -> dict[str, Tensor]:
    return {name: p.contiguous() for name, p in model.state_dict().items() if not name.startswith("module.")}


def _elements(name: str, shape: tuple[int, ...], values: Mapping[str, int | float]) -> str:
    if not shape:
        return f"{values[name]:.7g}" if name in values else "?"
    return "{" + ", ".join(_elements(f"{name}[{k}]", shape[1:], values) for k in range(shape[0])) + "}"


def decode(config: dict[str, Any], files: dict[str, bytes]) -> SketchProgram:
    """The sketch that a configuration and the files describe.

    Raises KeyError, TypeError, ValueError, AttributeError, RuntimeError or SafetensorError where they do not fit, and
    UsageError where it was learned with torch modules that are not registered here.
    """
    try:
        sketch = read_sketch(source=self_contained(files[C_PROGRAM]), self_contained=True)
        ensure_registered(sketch.learned)
        model = Model(sketch, 1, kernels=restored(config["networks"], files))
    except ProgramError as e:
        raise ValueError(f"program.c: {first_message(e)}") from e
    tensors, known = load_tensors(files[TENSORS]), _tensors(model)
    if {k: (v.shape, v.dtype) for k, v in tensors.items()} != {k: (v.shape, v.dtype) for k, v in known.items()}:
        raise ValueError("the tensors are not what program.c leaves undefined")
    if not all(bool(torch.isfinite(v).all()) for v in tensors.values()):
        raise ValueError("a tensor has entries that are not finite")
    with torch.no_grad():
        for name, p in known.items():
            p.copy_(tensors[name])
    found = SketchProgram(sketch=sketch, model=model, learned=dict(config["learned"]))
    described = found.config()
    for name in ("entry", "modulus", "chosen", "networks"):
        if config[name] != described[name]:
            raise ValueError(f"{name} is {config[name]!r}, not {described[name]!r}")
    return found


def signature_of(sketch: Sketch) -> Signature:
    """What a sketch takes and gives, with all that is undefined."""
    return Signature.of(sketch.program)
