"""The mutations that `scripts/study/mutations.py` tries: faults as an adversary would make them, room by room.

They were chosen before looking at the tests, among those that keep a program running and its figures plausible. A
mutation's old text occurs just once in its file; prefer short texts, which other changes leave alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """`old` becomes `new` in `file`, which `breaks` something that one of the `tests` (files or folders) should see."""

    name: str
    breaks: str
    old: str
    new: str
    file: str
    tests: tuple[str, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """The files and folders that it needs."""
        return (self.file, *self.tests)


Row = tuple[str, str, str, str]
"""A mutation's name, what it breaks, the old text and the new one."""


def _room(file: str, tests: tuple[str, ...], *rows: Row) -> Iterator[Mutation]:
    return (Mutation(*row, file, tests) for row in rows)


MUTATIONS = (
    *_room(
        "cprograms/sampling.py",
        ("tests/cprograms/test_sampling.py",),
        (
            "sampling-last-integer",
            "the greatest integer of a range is never drawn",
            "unit * (last - first + 1.0)",
            "unit * (last - first)",
        ),
        (
            "sampling-same-again",
            "further draws of rows repeat the first ones",
            "batch if tried else n, rng, method)",
            "batch if tried else n, np.random.default_rng(seed), method)",
        ),
        (
            "sampling-any-finite",
            "a row counts as finite where one result is",
            "np.isfinite(y).all(axis=1)",
            "np.isfinite(y).any(axis=1)",
        ),
        (
            "sampling-beyond-type",
            "the greatest 64-bit integer is rounded out of its type",
            "top = float(last) if float(last) <= last else math.nextafter(float(last), 0)",
            "top = float(last)",
        ),
        (
            "sampling-over-the-end",
            "rounding to float steps over an end of the range",
            "return np.clip(value, low, high)",
            "return value",
        ),
    ),
    *_room(
        "cprograms/strata.py",
        ("tests/cprograms/test_graph.py",),
        (
            "strata-same-child",
            "a node's two equal children count as independent",
            "if len(args) == 2 and node.children[0] != node.children[1]:",
            "if len(args) == 2:",
        ),
        (
            "strata-trapped",
            "the values that trap are kept, in the place of the others",
            "value[~np.broadcast_to(trap, value.shape)]",
            "value[np.broadcast_to(trap, value.shape)]",
        ),
        (
            "strata-mixture",
            "a select's sides have each other's probability",
            "np.full(QUANTILES, p), np.full(QUANTILES, 1 - p)",
            "np.full(QUANTILES, 1 - p), np.full(QUANTILES, p)",
        ),
    ),
    *_room(
        "cprograms/ops.py",
        ("tests/cprograms/test_graph.py", "tests/cprograms/test_libm.py"),
        ("ops-shift-by-width", "a shift by the type's width does not trap", "(b >= out.bits)", "(b > out.bits)"),
        (
            "ops-least-by-minus-one",
            "the least integer divided by -1 does not trap",
            "(a == out.limits[0]) & (b == -1)",
            "(a == out.limits[0]) & (b == 0)",
        ),
        (
            "ops-negated-least",
            "negating the least integer does not trap",
            "trap = a == out.limits[0] if signed else None",
            "trap = None",
        ),
        (
            "ops-cast-two-to-63",
            "2^63 becomes a long without a trap",
            "(whole < float(high)))",
            "(whole <= float(high)))",
        ),
        (
            "ops-least-of-nan",
            "min(NaN, b) is NaN, not b",
            "return np.where(a < b, a, b), None",
            "return np.where(b < a, b, a), None",
        ),
        ("ops-long-overflow", "no overflow of a long traps", "> 2.0**32", "> 2.0**64"),
    ),
    *_room(
        "cprograms/libm.py",
        ("tests/cprograms/test_libm.py", "tests/cprograms/test_graph.py"),
        (
            "libm-round-below-half",
            "the number below 0.5 is rounded to 1",
            "np.nextafter(x.dtype.type(0.5), x.dtype.type(0))",
            "x.dtype.type(0.5)",
        ),
        (
            "libm-remainder-tie",
            "remainder takes the odd one of two nearest integers",
            "np.where(once < half, once, once - period)",
            "np.where(once <= half, once, once - period)",
        ),
        (
            "libm-fdim-nan",
            "fdim of a NaN is 0",
            "np.where(x <= y, np.zeros_like(x - y), x - y)",
            "np.where(x > y, x - y, np.zeros_like(x - y))",
        ),
    ),
    *_room(
        "cprograms/lowering/loops.py",
        ("tests/cprograms/lowering/test_lower.py",),
        (
            "loops-second-carried",
            "the second carried variable of a loop has the number of the first",
            "carry(self._carried - 1, type, first)",
            "carry(0, type, first)",
        ),
        (
            "loops-exit-value",
            "a variable after a loop that was left is as before the exit",
            "after[:] = self._conditions.merge(exit.condition, exit.memory, after, len(after))",
            "after[:] = self._conditions.merge(exit.condition, after, after, len(after))",
        ),
        (
            "loops-exit-flag",
            "a loop with an exit goes on whether or not that was taken",
            "go_on = self._conditions.unless(exit.condition, go_on)",
            "go_on = go_on",
        ),
    ),
    *_room(
        "cprograms/lowering/bounds.py",
        ("tests/cprograms/lowering/test_bounds.py",),
        (
            "bounds-remainder-sign",
            "the remainder of a negative number is thought not to be negative",
            "-min(max(-a[0], 0), most) if a[0] < 0 else 0",
            "0",
        ),
        ("bounds-mask-sign", "a mask that may be negative is thought to bound", "if i[0] >= 0]", "if i[1] >= 0]"),
        (
            "bounds-small-divisor",
            "a quotient's interval forgets divisors near zero",
            "ends = {e for e in (*b, -1, 1)",
            "ends = {e for e in b",
        ),
        (
            "bounds-magnitude",
            "the interval of abs over zero takes the smaller end",
            "return 0, max(-a[0], a[1])",
            "return 0, min(-a[0], a[1])",
        ),
    ),
    *_room(
        "cprograms/lowering/flow.py",
        ("tests/cprograms/lowering/test_lower.py",),
        (
            "flow-only-last-exit",
            "of several exits to a target only the last keeps others from being taken",
            "gone = self._conditions.any_of(gone, exit.condition)",
            "gone = exit.condition",
        ),
        (
            "flow-merged-sides",
            "after a branch the sides' memories are swapped",
            "self._conditions.merge(condition, after, state.memory, len(before))",
            "self._conditions.merge(condition, state.memory, after, len(before))",
        ),
    ),
    *_room(
        "cprograms/lowering/variables.py",
        ("tests/cprograms/lowering/test_lower.py",),
        (
            "variables-outer-guard",
            "an assignment to a[i][j] forgets the test of i",
            "self._conditions.both(self._conditions.equals(valid, i), guard)",
            "self._conditions.equals(valid, i)",
        ),
        (
            "variables-index-at-length",
            "an index that may be an array's length is not checked",
            "if low >= 0 and high < length:",
            "if low >= 0 and high <= length:",
        ),
    ),
    *_room(
        "cprograms/lowering/expressions.py",
        ("tests/cprograms/lowering/test_lower.py",),
        (
            "expressions-step-converted",
            "the value of ++c is not converted to c's type",
            'return before if node.op.startswith("p") else stored',
            'return before if node.op.startswith("p") else after',
        ),
        (
            "expressions-shift-type",
            "a shift has the type of both its operands",
            "left = promote(types[a].type)",
            "left = usual_conversion(types[a].type, types[b].type)",
        ),
        (
            "expressions-other-type",
            "the type of the side of ?: that is never taken does not count",
            "self._unevaluated(no if known else yes)",
            "self._unevaluated(yes if known else no)",
        ),
        (
            "expressions-known-side-effects",
            "the operand of sizeof has its side effects",
            "memory, state.memory = state.memory, list(state.memory)",
            "memory = state.memory",
        ),
    ),
    *_room(
        "cprograms/sandbox/running.py",
        ("tests/cprograms/sandbox/test_running.py",),
        (
            "sandbox-fuel-after-trap",
            "the steps of a call that trapped are not counted",
            "budget.fuel -= fuel - self.store.get_fuel()",
            "budget.fuel -= (fuel - self.store.get_fuel()) * (reason == Status.OK)",
        ),
        (
            "sandbox-shared-fuel",
            "a row is out of steps because of the rows before it",
            "if reason == Status.OK or (reason == Status.FUEL and reached > row):",
            "if reason == Status.OK:",
        ),
        (
            "sandbox-stack-pointer",
            "a trap leaves the stack pointer where it was",
            "self.stack.set_value(self.store, self.stack_top)",
            "pass",
        ),
        (
            "sandbox-stale-reason",
            "the reason of a trap stays for a later one",
            "noted, self.reason[0] = int(self.reason[0]), 0",
            "noted = int(self.reason[0])",
        ),
        (
            "sandbox-lost-rows",
            "any row that is lost counts as one that never ends",
            "self.rows -= reason == Status.FUEL",
            "self.rows -= 1",
        ),
        (
            "sandbox-trapped-values",
            "a row that trapped has the value of an earlier row",
            "result.y[result.status != Status.OK] = np.nan",
            "pass",
        ),
    ),
    *_room(
        "cprograms/sandbox/source.py",
        ("tests/cprograms/sandbox/test_running.py",),
        (
            "source-resumed-outputs",
            "after a trap results go to other rows",
            "surrogate_out + surrogate_i * {job.outputs}u",
            "surrogate_out + surrogate_i * {job.inputs}u",
        ),
    ),
    *_room(
        "cprograms/sandbox/printing.py",
        ("tests/cprograms/sandbox/test_running.py",),
        (
            "source-missing-return",
            "the end of a function without its return gives a value",
            "return text if _returns_void(n) else",
            "return text if True else",
        ),
    ),
    *_room(
        "cprograms/sandbox/objects.py",
        ("tests/cprograms/sandbox/test_objects.py", "tests/cprograms/sandbox/test_memory.py"),
        (
            "objects-state-stays",
            "what a row leaves in a global is there in the next",
            'row.before.append(f"__builtin_memcpy((void *)&{name}, {kept}, sizeof {name});")',
            "pass",
        ),
        (
            "objects-unwritten",
            "a result that is not written is what an earlier row wrote",
            'row.before.append(f"__builtin_memset((void *){address}, surrogate_fill, sizeof {object});")',
            "pass",
        ),
    ),
    *_room(
        "cprograms/sandbox/memory.py",
        ("tests/cprograms/sandbox/test_memory.py",),
        (
            "memory-part-of-eight",
            "what follows an object within eight bytes belongs to it",
            "if (size & 7) surrogate_shadow[(start + size) >> 3] = size & 7;",
            "if (size & 7) surrogate_shadow[(start + size) >> 3] = 0;",
        ),
    ),
    *_room(
        "cprograms/corpus/splits.py",
        ("tests/cprograms/corpus/test_splits.py",),
        (
            "splits-no-validation",
            "no generated program is for validation",
            "VALIDATION if place < 2 * share else TRAIN",
            "VALIDATION if place < share else TRAIN",
        ),
        (
            "splits-straddling-kept",
            "a program of another split's package stays in a group",
            "STRADDLING if packages[i] and homes[packages[i]] != home else home",
            "home",
        ),
        (
            "splits-extended-near",
            "what is nearly a held-out program is trained on",
            "alike[b[chosen[a]]] = True",
            "alike[b[~chosen[a]]] = True",
        ),
        (
            "splits-extended-mark",
            "what shares a mark with a held-out program is trained on",
            "marks[chosen[owners]]",
            "marks[~chosen[owners]]",
        ),
    ),
    *_room(
        "surrogate/mlp/emission/encoding.py",
        ("tests/surrogate/mlp/emission/test_encoding.py", "tests/surrogate/mlp/emission/test_hypernetwork.py"),
        (
            "encoding-slot-rank",
            "an argument's slot is its index, not its rank",
            "slot[reads] = np.arange(len(reads))",
            "slot[reads] = [graph.nodes[i].value for i in reads]",
        ),
        (
            "encoding-no-child",
            "no child becomes a node of the graph before",
            "np.where(g.children, g.children + s, 0)",
            "g.children + s",
        ),
        (
            "encoding-first-tokens",
            "of a large graph the first nodes are attended to",
            "[-tokens.shape[1] :]",
            "[: tokens.shape[1]]",
        ),
        (
            "encoding-without-text-order",
            "without the text, arguments are in the order of the text",
            "order = np.argsort(graph.arguments)",
            "order = np.arange(len(graph.arguments))",
        ),
    ),
    *_room(
        "surrogate/mlp/emission/emit.py",
        ("tests/surrogate/mlp/emission/test_emit.py", "tests/surrogate/mlp/emission/test_hypernetwork.py"),
        (
            "emit-floor",
            "a deviation that is rounding's alone is magnified",
            "max(std, 1e-9 * abs(mean), LEAST)",
            "max(std, LEAST)",
        ),
        (
            "emit-centring",
            "the centring of large doubles overflows",
            "in_deviations(p.request.y[:, p.result], scale.mean, scale.std)",
            "(p.request.y[:, p.result] - scale.mean) / scale.std",
        ),
        (
            "emit-columns",
            "rows are read by the signature's order, weights by the text's",
            "p.request.domain)[:, p.graph.arguments]",
            "p.request.domain)[:, : len(p.graph.arguments)]",
        ),
        (
            "emit-known-scale",
            "every result has the first one's known scale",
            "p.request.scale.of(p.result)",
            "p.request.scale.of(0)",
        ),
        (
            "emit-domain-of-slot",
            "points are drawn from another argument's domain",
            "ends = p.request.domain[k]",
            "ends = p.request.domain[slot]",
        ),
    ),
    *_room(
        "surrogate/mlp/parts/towers.py",
        ("tests/surrogate/mlp/fitting/test_finetune.py", "tests/surrogate/mlp/emission/test_hypernetwork.py"),
        (
            "towers-standardised",
            "a small deviation is divided by, a large one by its root",
            "torch.where(std < 1, std.sqrt(), std)",
            "torch.where(std > 1, std.sqrt(), std)",
        ),
        (
            "towers-deviations",
            "a step has S, not its square, on the way back",
            "(s * rows[:, None] ** 2)",
            "(s * rows[:, None])",
        ),
        (
            "towers-batch-jitter",
            "a tower's damping depends on the batch",
            "jitter * diagonal.mean(-1)",
            "jitter * diagonal.mean()",
        ),
        (
            "towers-solve-gradient",
            "the gradient to a solved matrix has the other sign",
            "-to_right @ solution.mT, to_right",
            "to_right @ solution.mT, to_right",
        ),
    ),
    *_room(
        "surrogate/mlp/fitting/finetune.py",
        ("tests/surrogate/mlp/fitting/test_finetune.py",),
        (
            "finetune-best-step",
            "the best step is off by one",
            "torch.where(error < least, step, best)",
            "torch.where(error < least, step - 1, best)",
        ),
        (
            "finetune-held-out-read",
            "the descent that finds the best step reads the held-out rows",
            "Descent(start, x[:, :seen], y[:, :seen])",
            "Descent(start, x, y)",
        ),
        (
            "finetune-early-scale",
            "the choice of a start is scaled by all the rows",
            "*standardised_rows(first, x, y))",
            "*standardised_rows(network, x, y))",
        ),
        (
            "finetune-refused-error",
            "the error of a refused step is the next step's bar",
            "self.error = torch.where(better, error, self.error)",
            "self.error = error",
        ),
        (
            "finetune-nan-start",
            "a start whose error is NaN is the best",
            "least.nan_to_num(torch.inf).view",
            "least.view",
        ),
    ),
    *_room(
        "surrogate/mlp/pipeline.py",
        ("tests/surrogate/mlp/test_pipeline.py",),
        (
            "pipeline-early-held-out",
            "-O2's early start reads held-out rows",
            "for count in (len(x), training_rows(len(x))))",
            "for count in (len(x), len(x)))",
        ),
    ),
    *_room(
        "surrogate/mlp/fitting/start.py",
        ("tests/surrogate/mlp/test_pipeline.py",),
        (
            "pipeline-declared-deviation",
            "a declared range bounds the deviation by its twelfth",
            "(result.high - result.low) / np.sqrt(12)",
            "(result.high - result.low) / 12",
        ),
    ),
    *_room(
        "surrogate/numeric/rows.py",
        ("tests/surrogate/numeric/test_check.py",),
        (
            "rows-check-seed",
            "a check draws the rows of the compile",
            "return 2 * options.seed(seed) + 1",
            "return 2 * options.seed(seed)",
        ),
        (
            "rows-large-moments",
            "the deviation of large doubles overflows",
            "if 1e-150 < unit < 1e150 or unit == 0:",
            "if 1e-150 < unit < 1e300 or unit == 0:",
        ),
        (
            "rows-small-moments",
            "the deviation of small doubles is 0",
            "if 1e-150 < unit < 1e150 or unit == 0:",
            "if unit < 1e150:",
        ),
    ),
    *_room(
        "surrogate/numeric/checking/errors.py",
        ("tests/surrogate/numeric/test_check.py",),
        (
            "check-large-difference",
            "the difference of large doubles overflows",
            "np.abs(predicted / 2 - half)",
            "np.abs(predicted - true) / 2",
        ),
    ),
    *_room(
        "surrogate/numeric/check.py",
        ("tests/surrogate/numeric/test_check.py",),
        (
            "check-counted-rows",
            "rows that trapped are left out of the number of rows",
            "Report(rows, rows - len(x), seed",
            "Report(len(x), rows - len(x), seed",
        ),
    ),
    *_room(
        "training/evaluation/protocol.py",
        ("tests/training/evaluation/test_protocol_leaks.py", "tests/training/evaluation/test_protocol.py"),
        (
            "protocol-early-start",
            "the early start reads all rows",
            "start.towers([t.first(training_rows(rows)) for t in suite.tasks], seed)",
            "start.towers([t.first(rows) for t in suite.tasks], seed)",
        ),
        (
            "protocol-test-moments",
            "towers are scaled by the test rows' moments",
            "mean, std = rows.moments()",
            "mean, std = test.moments()",
        ),
        (
            "protocol-one-seed",
            "every seed's figures start from the first seed",
            "[strength], bench.seed + s)[0]",
            "[strength], bench.seed)[0]",
        ),
        (
            "protocol-strengths",
            "the strengths of a grid go to others' towers",
            "torch.tensor(strengths).repeat_interleave(",
            "torch.tensor(strengths).repeat(",
        ),
        (
            "protocol-tuned-on-test",
            "strengths are chosen on the test programs",
            "tuned(bench.starts[method], bench.validation,",
            "tuned(bench.starts[method], bench.suites[0],",
        ),
        (
            "protocol-start-rows",
            "a start reads more rows than its figure says",
            "tasks = [t.first(rows) for t in suite.tasks]",
            "tasks = suite.tasks",
        ),
    ),
    *_room(
        "training/finetuning.py",
        ("tests/training/test_finetuning.py",),
        (
            "finetuning-held-out-moments",
            "the held-out rows shape the scale by which they are judged",
            "mean, std = rows.first(seen).moments()",
            "mean, std = rows.moments()",
        ),
        (
            "finetuning-held-out-read",
            "the descent that finds the best checkpoint reads the held-out rows",
            "walk(optimiser, start, rows.first(seen),",
            "walk(optimiser, start, rows,",
        ),
        (
            "finetuning-stop",
            "towers stop one checkpoint early",
            "choose(stop >= checkpoint, towers, tuned)",
            "choose(stop > checkpoint, towers, tuned)",
        ),
        (
            "finetuning-same-batch",
            "every minibatch of an epoch is the first one",
            "self.left[: self.size], self.left[self.size :]",
            "self.left[: self.size], self.left",
        ),
        (
            "finetuning-start-kept",
            "Adam overwrites the start that it was given",
            "self.towers, self.x, self.y = towers.map(torch.clone), x, y",
            "self.towers, self.x, self.y = towers, x, y",
        ),
    ),
    *_room(
        "training/evaluation/suites.py",
        ("tests/training/evaluation/test_protocol_leaks.py", "tests/training/evaluation/test_protocol.py"),
        (
            "suites-varies-elsewhere",
            "a result that varies on further rows only is measured",
            "np.ptp(h.y_test[:test_rows, h.result]) > 0",
            "np.ptp(h.y_test[:, h.result]) > 0",
        ),
        (
            "suites-centre",
            "the error is over the spread between programs",
            "centre = test.y.mean(1, keepdim=True)",
            "centre = test.y.mean(0, keepdim=True)",
        ),
    ),
    *_room(
        "training/held_out.py",
        ("tests/training/evaluation/test_protocol_leaks.py",),
        (
            "held-out-same-seed",
            "rows to test on have the seed of those to compile from",
            "sample(p, test_rows, fresh_seed(seed))",
            "sample(p, test_rows, compile_seed(seed))",
        ),
        (
            "held-out-split",
            "where rows trap, rows to test on are compiled from",
            "split = int(finite[:rows].sum())",
            "split = rows",
        ),
    ),
    *_room(
        "training/loop/trainer.py",
        ("tests/training/loop/test_trainer.py",),
        (
            "loop-last-checkpoint",
            "no checkpoint is written at the last step",
            "return self.step % every == 0 or self.step == self.config.steps",
            "return self.step % every == 0",
        ),
        (
            "loop-same-batches",
            "all processes train on the same batches",
            "[c.seed, self.step, self.accelerator.process_index]",
            "[c.seed, self.step]",
        ),
        (
            "loop-infinite-gradient",
            "a gradient that is not finite is descended",
            "if torch.isfinite(norm):",
            "if True:",
        ),
        (
            "loop-lost-checkpoint",
            "the checkpoint before the newest is thrown away",
            "newest.rename(previous)",
            "shutil.rmtree(newest)",
        ),
    ),
    *_room(
        "training/starts/meta.py",
        ("tests/training/starts/test_meta.py",),
        (
            "meta-queries",
            "maml is judged on the rows that it adapted to",
            "asked = slice(rows, rows + config.queries)",
            "asked = slice(0, config.queries)",
        ),
        (
            "meta-worst-kept",
            "the worst start on the validation split is kept",
            '["validation"]) <= error',
            '["validation"]) >= error',
        ),
    ),
    *_room(
        "training/starts/emitted.py",
        ("tests/training/starts/test_table.py",),
        (
            "starts-restandardised",
            "a start's offset moves the wrong way",
            "Scale(np.array([mean]), np.array([std]))",
            "Scale(np.array([-mean]), np.array([std]))",
        ),
    ),
    *_room(
        "training/starts/tasks.py",
        ("tests/training/starts/test_table.py",),
        (
            "tasks-one-key",
            "all results of a program have one key",
            'zlib.crc32(b"%d" % held.result, zlib.crc32(text))',
            "zlib.crc32(text)",
        ),
    ),
    *_room(
        "surrogate/anc/machine/machine.py",
        ("tests/surrogate/anc/machine",),
        (
            "machine-stopped-twice",
            "the probability of having stopped goes above one",
            '(left.detach() if stop_gradient == "published" else left) * e[..., Op.STOP]',
            "e[..., Op.STOP]",
        ),
        (
            "machine-writes-on",
            "an execution that has stopped goes on writing",
            "(e[..., Op.WRITE] * running)[..., None] * x",
            "e[..., Op.WRITE, None] * x",
        ),
        (
            "machine-rounding",
            "the transform's rounding stays in the values",
            "clean = raw * (raw > 8 * rounding.eps)",
            "clean = raw",
        ),
        ("machine-ties", "MAX counts equal values twice", "largest = below - both", "largest = below"),
    ),
    *_room(
        "surrogate/anc/compiler/backend/facts.py",
        (
            "tests/surrogate/anc/compiler/test_hazards.py",
            "tests/surrogate/anc/compiler/test_passes.py",
            "tests/surrogate/anc/compiler/test_backend.py",
        ),
        (
            "facts-aliasing-write",
            "what was READ is known after a WRITE that may have changed it",
            "if other[0] != base or other[1] == offset:",
            "if other == (base, offset):",
        ),
        (
            "facts-equal-sign",
            "what a value was computed from is known with the wrong sign",
            "(constant - step[1]) % self.memory_size",
            "(constant + step[1]) % self.memory_size",
        ),
        (
            "facts-meet-nonzero",
            "a register is not zero where it is so on one way only",
            "first.is_nonzero(register) and second.is_nonzero(register)",
            "first.is_nonzero(register) or second.is_nonzero(register)",
        ),
        ("facts-own-operand", "x = x + 1 is remembered of the new x", "if out not in (a, b):", "if True:"),
    ),
    *_room(
        "surrogate/anc/compiler/backend/dead.py",
        (
            "tests/surrogate/anc/compiler/test_hazards.py",
            "tests/surrogate/anc/compiler/test_passes.py",
            "tests/surrogate/anc/compiler/test_backend.py",
        ),
        (
            "dead-read-between",
            "a WRITE goes although its cell is read before the next one",
            "overwritten.clear()",
            "pass",
        ),
        (
            "dead-moved-address",
            "a WRITE goes although the next one's address is another by then",
            "overwritten.discard(out)",
            "pass",
        ),
    ),
    *_room(
        "surrogate/anc/compiler/backend/motion.py",
        (
            "tests/surrogate/anc/compiler/test_hazards.py",
            "tests/surrogate/anc/compiler/test_passes.py",
            "tests/surrogate/anc/compiler/test_backend.py",
        ),
        (
            "motion-read-after-write",
            "a READ moves in front of a WRITE",
            "(writes[0] and is_read(second)) or (writes[1]",
            "(writes[1]",
        ),
        (
            "motion-read-in-loop",
            "a READ moves out of a loop that writes",
            "and not (is_read(s) and writes)",
            "and True",
        ),
    ),
    *_room(
        "surrogate/anc/compiler/backend/allocate.py",
        (
            "tests/surrogate/anc/compiler/test_hazards.py",
            "tests/surrogate/anc/compiler/test_passes.py",
            "tests/surrogate/anc/compiler/test_backend.py",
        ),
        (
            "allocate-zeros",
            "a register holds zero where it does on one way only",
            "zeros &= after[place]",
            "zeros |= after[place]",
        ),
        (
            "allocate-start-values",
            "registers with different first values are one",
            "values[:, None] != values[None]",
            "False",
        ),
    ),
)
