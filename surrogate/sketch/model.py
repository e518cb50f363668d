"""A sketch as a torch module: R restarts of all that is learned, and the distributions of the results with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from cprograms.diagnostics import ProgramError
from cprograms.frontend.sketching import Sketch
from cprograms.frontend.undefined import Learned
from cprograms.graph import Graph, evaluate
from cprograms.lowering import lower
from surrogate.graph.module import GraphModule
from surrogate.sketch.evaluate import Evaluator
from surrogate.sketch.kernels import Kernel, Kernels
from surrogate.sketch.loops import first_loop
from surrogate.sketch.networks import Copies, Library, Networks, Standing, all_numbers, inputs_of, widths_of
from surrogate.sketch.plan import FOUND, LOOP_HINT, TRAP, plan

MOST_NODES = 20_000
"""Of the unrolled graph of a sketch."""
UNROLL = 256
NO_KERNELS = Kernels({})
DECIDED = 0.9
"""A choice whose likeliest value has at least this probability is made."""


@dataclass(frozen=True)
class Inputs:
    """A batch of B examples: pictures [B, cells, size] by their size, and the other arguments [B] by their numbers."""

    pictures: Mapping[int, Tensor]
    numbers: Mapping[int, Tensor]

    def __len__(self) -> int:
        found = next(iter([*self.pictures.values(), *self.numbers.values()]), None)
        return 0 if found is None else len(found)

    def at(self, rows: Tensor) -> Inputs:
        return Inputs({k: v[rows] for k, v in self.pictures.items()}, {k: v[rows] for k, v in self.numbers.items()})


def graph_of(sketch: Sketch) -> Graph:
    """The dataflow graph, its loops unrolled.

    Raises ProgramError where a loop has no bound that is known, or something is not followed, such as a picture that is
    not only given to learned functions.
    """
    graph = lower(sketch.program, max_nodes=MOST_NODES, unroll=UNROLL)
    if graph.exact:
        return graph
    try:
        lower(sketch.program, executable=True)
    except ProgramError as e:
        hint = "pictures can only be given to learned functions" if sketch.pictures else ""
        raise ProgramError([replace(d, hint=d.hint or hint) for d in e.diagnostics]) from e
    message = f"'{sketch.program.entry}' has a loop that is not known to end within {UNROLL} passes"
    raise ProgramError([first_loop(sketch, message, LOOP_HINT)])


class Model(nn.Module):
    """`choices` are logits [R, n] by the number of the program's argument, `networks` by the function's name,
    `constants` [R] by the argument's number. A sketch of which all that is undefined is floating is `real`: its results
    are numbers, and not distributions. `tabulate` is as in `surrogate.sketch.plan.plan`. Of `kernels` those count whose
    names are of learned functions."""

    def __init__(
        self,
        sketch: Sketch,
        restarts: int,
        seed: int = 0,
        tabulate: bool = True,
        kernels: Kernels = NO_KERNELS,
    ) -> None:
        super().__init__()
        self.sketch, self.restarts = sketch, restarts
        names = {f.name for f in sketch.learned}
        self.kernels = replace(kernels, programs={n: k for n, k in kernels.programs.items() if n in names})
        self.real = not sketch.choices and not any(f.values for f in sketch.learned)
        generator = torch.Generator().manual_seed(seed)
        program = sketch.program
        if self.real:
            graph = lower(program, max_nodes=MOST_NODES, unroll=UNROLL, executable=True)
            self.module = GraphModule(graph, [a.name for a in program.arguments])
            for constant in self.module.constants:
                constant.requires_grad_(False)
        else:
            for f in sketch.learned:
                if not f.values:
                    message = f"'{f.name}' gives a floating number beside whole numbers that are learned or chosen"
                    raise f.fault(message, "only whole numbers are computed with there")
            graph = graph_of(sketch)
            self.evaluator = Evaluator(plan(program, graph, tabulate))
            self._tests = graph.of(self.evaluator.plan.tests)
        self.choices = nn.ParameterDict()
        for choice in sketch.choices:
            for k in sketch.places(choice.name):
                logits = torch.randn(restarts, choice.high - choice.low + 1, generator=generator)
                self.choices[str(k)] = nn.Parameter(logits)
        self.constants = nn.ParameterDict()
        for constant_ in sketch.constants:
            for k in sketch.places(constant_.name):
                a = program.arguments[k]
                start = 1.0 if a.origin == "default" else (a.low + a.high) / 2
                spread = torch.randn(restarts, generator=generator) * (0.1 if restarts > 1 else 0)
                self.constants[str(k)] = nn.Parameter((start * (1 + spread)).to(torch.float64))
        self.networks = Library({f.name: self._standing(f, seed, generator) for f in sketch.learned})
        self.eval()

    def _standing(self, f: Learned, seed: int, generator: torch.Generator) -> Standing:
        modulus = self.sketch.modulus
        if f.name in self.kernels.programs:
            return Kernel(f, modulus, self.kernels.programs[f.name], self.restarts, self.kernels.tuned)
        if f.module:
            return Copies.of(f, inputs_of(f, modulus), self.restarts, seed)
        return Networks(self.restarts, widths_of(f, modulus), generator)

    # Distributions

    def probabilities(self) -> dict[int, Tensor]:
        """Of each choice: [R, n]."""
        return {int(k): logits.softmax(-1) for k, logits in self.choices.items()}

    def decided(self) -> dict[int, Tensor]:
        """The likeliest value of each choice, its place among the values: [R]."""
        return {int(k): logits.argmax(-1) for k, logits in self.choices.items()}

    def results(
        self,
        inputs: Inputs,
        hard_choices: bool = False,
        hard_networks: bool = False,
        other: tuple[int, int] | None = None,
        said: Mapping[int, Tensor] | None = None,
    ) -> list[Tensor]:
        """Of each result, the distribution [R, B, n] over `evaluator.values`; of a real sketch the number [R, B].

        `hard_choices` takes the likeliest value of each choice, of the choice other[0] that of rank other[1];
        `hard_networks` also of what the networks give. `said` is what `said` says of these inputs, where it is known.
        """
        if self.real:
            return self._numbers(inputs)
        given: dict[int, Tensor] = {}
        for key, logits in self.choices.items():
            k, n = int(key), logits.shape[-1]
            best = logits.argmax(-1)  # [R]
            if other is not None and k == other[0]:
                best = logits.argsort(-1, descending=True)[:, other[1]]
            chosen = one_hot(best, n).to(logits.dtype) if hard_choices else logits.softmax(-1)
            given[k] = chosen[:, None]
        given |= self.said(inputs, hard_networks) if said is None else said
        for k, values in inputs.numbers.items():
            a = self.sketch.program.arguments[k]
            if not a.type.is_integer:
                continue
            n = int(a.high - a.low) + 1
            given[k] = one_hot((values - int(a.low)).long(), n).to(torch.get_default_dtype())[None]
        given |= self._tested(inputs)
        distributions: list[Tensor] = self.evaluator(given)
        return distributions

    def _tested(self, inputs: Inputs) -> dict[int, Tensor]:
        """What tests of floating numbers that are given find, by the numbers of their variables."""
        if not self._tests.roots:
            return {}
        rows = np.zeros((len(inputs), len(self.sketch.program.arguments)))
        for k, values in inputs.numbers.items():
            rows[:, k] = values
        found = np.nan_to_num(evaluate(self._tests, rows), nan=-1).astype(int)  # [B, tests]: -1 where it is undefined
        hot = one_hot(torch.from_numpy(found) + 1, len(FOUND)).to(torch.get_default_dtype())
        return {len(self.sketch.program.arguments) + j: hot[None, :, j] for j in range(found.shape[1])}

    def said(self, inputs: Inputs, hard: bool = False) -> dict[int, Tensor]:
        """The distributions of what learned functions may be asked for, by the program's arguments; `hard` takes the
        likeliest values."""
        given: dict[int, Tensor] = {}
        for function in self.sketch.learned:
            logits = self.cells(function, inputs).to(torch.get_default_dtype())  # of a product in bfloat16, too
            cells = logits.softmax(-1)  # [R, B or 1, cells, values]
            if hard:
                cells = one_hot(cells.argmax(-1), cells.shape[-1]).to(cells.dtype)
            for place, k in enumerate(self.sketch.places(function.cells)):
                given[k] = cells[:, :, place]
        return given

    def cells(self, function: Learned, inputs: Inputs) -> Tensor:
        """The logits, or numbers, of all that a function may be asked for: [R or 1, B or 1, cells, outputs]."""
        networks = self.networks.of(function.name)
        if function.takes == "numbers":
            found: Tensor = networks(all_numbers(function.size, self.sketch.modulus))  # [R, cells, outputs]
            return found[:, None]
        pictures = inputs.pictures[function.size]  # [B, cells, size]
        found = networks(pictures.flatten(0, 1))
        return found.reshape(len(found), *pictures.shape[:2], -1)

    def _numbers(self, inputs: Inputs) -> list[Tensor]:
        r, b = self.restarts, len(inputs)
        columns: list[Tensor] = [torch.zeros(r, b, dtype=torch.float64)] * len(self.sketch.program.arguments)
        for key, constant in self.constants.items():
            columns[int(key)] = constant[:, None].expand(r, b)
        for k, values in inputs.numbers.items():
            columns[k] = values.to(torch.float64).expand(r, b)
        for function in self.sketch.learned:
            cells = self.cells(function, inputs)[..., 0].to(torch.float64)
            for place, k in enumerate(self.sketch.places(function.cells)):
                columns[k] = cells[:, :, place].expand(r, b)
        rows = torch.stack([c.reshape(-1) for c in columns], dim=1)
        return [y.reshape(r, b) for y in self.module(rows).unbind(1)]

    @torch.no_grad()
    def answers(
        self,
        inputs: Inputs,
        block: int = 500,
        other: tuple[int, int] | None = None,
        said: Mapping[int, Tensor] | None = None,
    ) -> np.ndarray:
        """The program that is decided on, run: float64 [R, B, results], NaN where its behaviour is undefined.

        `other` and `said`, which is of one block, are as in `results`.
        """
        parts, learning = [], self.training
        self.eval()
        for start in range(0, len(inputs), block):
            batch = inputs.at(torch.arange(start, min(start + block, len(inputs))))
            found = self.results(batch, hard_choices=True, hard_networks=True, other=other, said=said)
            parts.append(np.stack([self._taken(k, y, len(batch)) for k, y in enumerate(found)], axis=-1))
        self.train(learning)
        return np.concatenate(parts, axis=1)

    def _taken(self, k: int, y: Tensor, examples: int) -> np.ndarray:
        if self.real:
            return y.numpy()
        values = self.evaluator.values[k]
        numbers = values.astype(np.float64)
        numbers[values == TRAP] = np.nan
        return np.broadcast_to(numbers[y.argmax(-1).numpy()], (self.restarts, examples))

    @torch.no_grad()
    def one(self, restart: int) -> Model:
        """The model of one restart."""
        made = Model(self.sketch, 1, kernels=self.kernels)
        for mine, theirs in ((made.choices, self.choices), (made.constants, self.constants)):
            for key, own in theirs.items():
                mine[key].copy_(own[restart : restart + 1])
        made.networks = Library({name: self.networks.of(name).one(restart) for name in self.networks})
        return made.eval()

    def chosen(self, restart: int = 0) -> dict[str, int | float]:
        """The value of every choice and constant by its name in C, as "op[2]"."""
        arguments = self.sketch.program.arguments
        found: dict[str, int | float] = {}
        for k, place in self.decided().items():
            found[arguments[k].name] = int(arguments[k].low) + int(place[restart])
        for key, constant in self.constants.items():
            found[arguments[int(key)].name] = constant[restart].item()
        return found

    @torch.no_grad()
    def undecided(self, restart: int = 0) -> dict[int, str]:
        """The choices that are half one and half the other, as "op[2]: 3 (0.55) or 1 (0.41)"."""
        found = {}
        for k, p in self.probabilities().items():
            top, places = p[restart].topk(2)
            if top[0] < DECIDED:
                a = self.sketch.program.arguments[k]
                first, second = (int(a.low) + int(v) for v in places)
                found[k] = f"{a.name}: {first} ({top[0].item():.2f}) or {second} ({top[1].item():.2f})"
        return found


def entropy(probabilities: Sequence[Tensor]) -> Tensor:
    """The mean entropy of choices, of each restart: [R]."""
    each = [-(p * p.clamp_min(1e-12).log()).sum(-1) for p in probabilities]
    return torch.stack(each).mean(0)
