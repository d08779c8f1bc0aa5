"""Training a GAN into a run folder: `train_pair`, and `resume_pair` where a run was stopped."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.analysis.memory.process import ProcessMemory
from netdsl.keras.quiet import quiet_keras
from netdsl.training.adversarial.job import AdversarialJob
from netdsl.training.adversarial.pair import NetworkPair, vocabulary
from netdsl.training.adversarial.plan import plan_pair
from netdsl.training.data import reload
from netdsl.training.distributed.devices import has_accelerator
from netdsl.training.loop.train import require_unfinished
from netdsl.training.memory import check_memory, cores, memory_context, smaller_training
from netdsl.training.planning.job import ResolvedRecipe
from netdsl.training.planning.requirements import use_backend
from netdsl.training.recipes.conflicts import conflict_context
from netdsl.training.recipes.yaml_writer import to_yaml
from netdsl.training.runs.folder import (
    DISCRIMINATOR,
    locked,
    new_folder,
    removed_unless_begun,
    removed_without_memory,
)
from netdsl.training.runs.inputs import (
    read_network,
    read_preparation,
    read_recipe,
    require_same_data,
    require_same_recipe,
    write_inputs,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netdsl.analysis.memory.process import Overheads
    from netdsl.architecture import Architecture
    from netdsl.reading import Fragment
    from netdsl.training.recipes.recipe import Recipe
    from netdsl.training.runs.run import RunResult


def train_pair(
    network: Architecture | Fragment,
    recipe: Recipe,
    *,
    name: str | None = None,
    where: str | Path = "runs",
    quiet: bool = False,
    **settings: Any,
) -> RunResult:
    """Train the two networks of a file against each other, and keep the run in a new folder.

    Args:
        network: one of the file.
        recipe: how; `gan` names the two.
        name: of the run; the file's where it is left out.
        where: the folder of runs.
        quiet: whether nothing is printed on standard error during the training.
        settings: as in `plan`.

    Raises:
        NetError: for mistakes in what is given.
        RunError: where the disk, the memory or the numbers fail (N610 to N612).
    """
    job = plan_pair(network, recipe, **settings)
    with conflict_context(job.recipe), _failures(job):
        from netdsl.training.adversarial.trainer import AdversarialTrainer, players_of

        players = players_of(job)
        folder = new_folder(where, job.folder_name if name is None else name)
        # Locked before anything is written: a second process must not resume an incomplete folder.
        with locked(folder), removed_without_memory(folder):
            with removed_unless_begun(folder):
                own, resolved = job.pair.generator, job.resolved
                write_inputs(
                    folder, own, job.recipe, resolved.reasons, job.data, job.pair.discriminator
                )
            if not quiet:
                _say(*opening(job))
            return AdversarialTrainer(job, players, folder, quiet).run()


def resume_pair(folder: Path, *, data: Any = None, quiet: bool = False) -> RunResult:
    """Resume the run of a GAN that was stopped, as `resume` does for one network.

    Raises:
        NetError: N613, N614, N616, N619, as `resume` does.
    """
    require_unfinished(folder)
    job = read_job(folder, data)
    use_backend(job.recipe.backend, job.recipe.span("backend"))
    with conflict_context(job.recipe), locked(folder), _failures(job):
        from netdsl.training.adversarial.trainer import AdversarialTrainer, players_of

        require_unfinished(folder)  # with the lock, as `resume` does
        trainer = AdversarialTrainer(job, players_of(job), folder, quiet)
        trainer.load()
        if not quiet:
            epochs, step = len(trainer.state.rows), trainer.state.step
            _say(f"resuming {folder} after epoch {epochs}, step {step:,}")
        return trainer.run()


def read_job(folder: Path, data: Any = None) -> AdversarialJob:
    """Read what a GAN's run began with.

    Args:
        folder: the run's.
        data: the data itself, where the run was given it in Python.

    Raises:
        NetError: N613, N614, N616 where the recipe, a network or the data have changed.
    """
    recipe, preparation = read_recipe(folder), read_preparation(folder)
    pair = read_pair(folder)
    require_same_recipe(folder, recipe)
    loaded = reload(recipe, preparation, data)
    require_same_data(folder, loaded)
    return AdversarialJob(pair, ResolvedRecipe(recipe, {}, ()), loaded)


def read_pair(folder: Path) -> NetworkPair:
    """Read the two networks of a run.

    Raises:
        NetError: N613, N614, N616.
    """
    generator, discriminator = read_network(folder), read_network(folder, DISCRIMINATOR)
    classes = max(vocabulary(port, generator) for port in generator.inputs)
    return NetworkPair(generator, discriminator, classes)


def dry_run_pair(job: AdversarialJob) -> str:
    """Take the first step of a GAN's training, and describe what the training would be.

    Raises:
        NetError: as `train_pair` does.
    """
    with conflict_context(job.recipe), _failures(job):
        from netdsl.training.adversarial.trainer import first_step

        figures = first_step(job)
    shown = ", ".join(f"{name.replace('_', ' ')} {value:z.4f}" for name, value in figures.items())
    lines = [*opening(job), "", to_yaml(job.recipe, job.resolved.reasons)]
    lines += [repr(each)[1:-1] for each in (job.pair.generator, job.pair.discriminator)]
    lines.append(f"{job.steps:,} steps in an epoch")
    lines.append(f"the first step: {shown}; nothing was written")
    return "\n".join(lines)


def opening(job: AdversarialJob) -> list[str]:
    """Return the lines that describe a training before it begins."""
    data, shape = job.data, tuple(job.pair.noise.shape)
    parts = f"{len(data.train):,} training"
    parts += f" and {len(data.test):,} test" if len(data.test) else ""
    classes = f" and one of {job.pair.classes} classes" if job.pair.classes else ""
    made = "x".join(map(str, shape))
    mapped = "; images become -1 to 1" if data.preparation.inputs[0].signed else ""
    return [
        f"{data.spec.source}: {parts} examples; made of noise of {made}{classes}; "
        f"loss {job.recipe.gan.loss}{mapped}",
        *data.notes,
        *job.resolved.doubts,
    ]


# --- memory ---------------------------------------------------------------------------------------


class PairMemory(NamedTuple):
    """The memory for training two networks: that of one in addition to that of the other.

    The discriminator reads real and generated examples, and with a gradient penalty also mixtures
    of them, whose derivatives are kept too.

    Attributes:
        generator, discriminator: the memory of each as if it were trained alone.
        factor: examples of the discriminator for one of the generator.
    """

    generator: ProcessMemory
    discriminator: ProcessMemory
    factor: int

    def needed(self, batch: int, kind: Overheads) -> int:
        """Return the bytes that it needs with this batch, in addition to what is used already."""
        return self.generator.needed(batch, kind) + self.discriminator.needed(
            self.factor * batch, kind
        )

    def largest(self, budget: int, kind: Overheads) -> int:
        """Return the largest batch with which it needs at most `budget` bytes; 0 for none."""
        low, high = 0, 1
        # Doubled until it does not fit, then bisected: there is no formula for both together.
        while high < 1 << 24 and self.needed(high, kind) <= budget:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.needed(middle, kind) <= budget else (low, middle)
        return low


def pair_memory(job: AdversarialJob) -> PairMemory:
    """Return the memory that a GAN's job needs."""
    from netdsl.training.data.sizes import kept_nbytes

    recipe, data = job.recipe, job.data
    kept = kept_nbytes(data.train, data.preparation)
    own, other = (
        ProcessMemory(
            network.graph,
            "float32",
            recipe.optimizer.name or "adam",
            recipe.backend or "",
            1,
            nbytes,
            cores(),
        )
        for network, nbytes in ((job.pair.generator, 0), (job.pair.discriminator, kept))
    )
    # Real and generated examples; with the penalty also mixtures, and as much again for their
    # derivatives.
    return PairMemory(own, other, 4 if recipe.gan.penalty else 2)


@contextmanager
def _failures(job: AdversarialJob) -> Iterator[None]:
    """Turn the errors that backends raise where the memory is full into one clear message.

    Raises:
        RunError: N612.
    """
    quiet_keras()  # before anything else imports Keras
    training, batch = pair_memory(job), job.recipe.batch_size
    if not has_accelerator():  # which has a memory of its own
        check_memory(training, batch)
    with memory_context(lambda: smaller_training(training, batch)):
        yield


def _say(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr, flush=True)
