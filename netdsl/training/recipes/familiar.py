"""What other libraries call the keys and the words of recipes."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from netdsl.errors import did_you_mean


class FamiliarKey(NamedTuple):
    """A recipe's key that is known by another name.

    Attributes:
        path: of the key.
        value: one to show.
        of: the `name` that its section must have, if only that one has the key.
    """

    path: str
    value: str
    of: str = ""

    def text(self, value: str = "") -> str:
        """Write the key as a recipe does: `optimizer: {rate: 0.01}`."""
        *sections, last = self.path.split(".")
        text = (f"name: {self.of}, " if self.of else "") + f"{last}: {value or self.value}"
        for section in reversed(sections):
            text = f"{section}: {{{text}}}"
        return text

    def settings(self, value: str = "") -> str:
        """Write the key for the command line: `--set optimizer.rate=0.01`."""
        name = f"--set {self.path.rpartition('.')[0]}.name={self.of} " if self.of else ""
        return f"{name}--set {self.path}={value or self.value}"


_RATE = FamiliarKey("optimizer.rate", "0.01")
_EPOCHS = FamiliarKey("epochs", "20")
_BATCH = FamiliarKey("batch", "32")
_AUTO_BATCH = FamiliarKey("batch", "auto")
_STOPPING = FamiliarKey("early_stopping.metric", "accuracy")
_SCHEDULE = FamiliarKey("schedule", "cosine")
_VALIDATION = FamiliarKey("data.split.validation", "0.1")
_TEST = FamiliarKey("data.split.test", "0.2")
_SEED = FamiliarKey("seed", "0")
_CHECKPOINT = FamiliarKey("checkpoint", "10 minutes")
_DEVICES = FamiliarKey("devices", "2")

KEYS = {
    "lr": _RATE,
    "learning_rate": _RATE,
    "initial_lr": _RATE,
    "base_lr": _RATE,
    "momentum": FamiliarKey("optimizer.momentum", "0.9", of="sgd"),
    "weight_decay": FamiliarKey("optimizer.decay", "0.004", of="adamw"),
    "grad_clip": FamiliarKey("optimizer.clip_norm", "1"),
    "clipnorm": FamiliarKey("optimizer.clip_norm", "1"),
    "clipvalue": FamiliarKey("optimizer.clip_value", "1"),
    "gradient_clip_val": FamiliarKey("optimizer.clip_norm", "1"),
    "epsilon": FamiliarKey("optimizer.eps", "1e-7"),
    "optim": FamiliarKey("optimizer", "adam"),
    "epoch": _EPOCHS,
    "num_epochs": _EPOCHS,
    "n_epochs": _EPOCHS,
    "max_epochs": _EPOCHS,
    "batch_size": _BATCH,
    "batchsize": _BATCH,
    "bs": _BATCH,
    "auto_scale_batch_size": _AUTO_BATCH,
    "scale_batch_size": _AUTO_BATCH,
    "auto_batch": _AUTO_BATCH,
    "gradient_accumulation_steps": FamiliarKey("accumulate", "4"),
    "accumulate_grad_batches": FamiliarKey("accumulate", "4"),
    "grad_accum": FamiliarKey("accumulate", "4"),
    "ema_momentum": FamiliarKey("ema", "0.999"),
    "ema_decay": FamiliarKey("ema", "0.999"),
    "use_ema": FamiliarKey("ema", "0.999"),
    "save_freq": _CHECKPOINT,
    "save_steps": _CHECKPOINT,
    "save_every": _CHECKPOINT,
    "checkpoint_every": _CHECKPOINT,
    "every_n_train_steps": _CHECKPOINT,
    "train_time_interval": _CHECKPOINT,
    "monitor": _STOPPING,
    "min_delta": FamiliarKey("early_stopping.min_delta", "0.001"),
    "start_from_epoch": FamiliarKey("early_stopping.start_from", "5"),
    "patience": FamiliarKey("early_stopping.patience", "10"),
    "scheduler": _SCHEDULE,
    "lr_scheduler": _SCHEDULE,
    "lr_schedule": _SCHEDULE,
    "warmup": FamiliarKey("schedule.warmup", "1", of="cosine"),
    "dataset": FamiliarKey("data", "mnist"),
    "source": FamiliarKey("data.source", "mnist"),
    "validation_split": _VALIDATION,
    "validation": _VALIDATION,
    "val_split": _VALIDATION,
    "test_split": _TEST,
    "test_size": _TEST,
    "random_state": _SEED,
    "random_seed": _SEED,
    "gpus": _DEVICES,
    "num_gpus": _DEVICES,
    "class_weight": FamiliarKey("class_weights", "balanced"),
    "sample_weight": FamiliarKey("data.weight", "weight"),
    "criterion": FamiliarKey("loss", "cross-entropy"),
    "objective": FamiliarKey("loss", "cross-entropy"),
    "dtype": FamiliarKey("precision", "float32"),
    "augmentation": FamiliarKey("augment", "{flip: horizontal}"),
    "logger": FamiliarKey("log", "tensorboard"),
    "logging": FamiliarKey("log", "tensorboard"),
}
"""Recipe keys by the names that other libraries give them, with `_` in place of `-`."""

WORDS = {
    "cosine_annealing": "cosine",
    "cosineannealing": "cosine",
    "cosineannealinglr": "cosine",
    "cosine_decay": "cosine",
    "cosinedecay": "cosine",
    "steplr": "steps",
    "step_lr": "steps",
    "multisteplr": "steps",
    "piecewise": "steps",
    "piecewiseconstantdecay": "steps",
    "reduce_on_plateau": "plateau",
    "reducelronplateau": "plateau",
    "mse": "squared",
    "mean_squared_error": "squared",
    "mseloss": "squared",
    "l2": "squared",
    "mae": "absolute",
    "mean_absolute_error": "absolute",
    "l1": "absolute",
    "l1loss": "absolute",
    "crossentropy": "cross-entropy",
    "cross_entropy": "cross-entropy",
    "crossentropyloss": "cross-entropy",
    "categorical_crossentropy": "cross-entropy",
    "sparse_categorical_crossentropy": "cross-entropy",
    "nll": "cross-entropy",
    "bce": "binary",
    "bceloss": "binary",
    "bcewithlogitsloss": "binary",
    "binary_crossentropy": "binary",
    "binary_cross_entropy": "binary",
    "val_loss": "loss",
    "validation_loss": "loss",
    "acc": "accuracy",
    "val_acc": "accuracy",
    "val_accuracy": "accuracy",
    "mixed_bfloat16": "mixed",
    "bf16": "bfloat16",
    "fp32": "float32",
    "tf": "tensorflow",
    "pytorch": "torch",
}
"""Values by the words that other libraries use for them, in lower case."""


def familiar_key(name: str) -> FamiliarKey | None:
    """Return the recipe's key for what other libraries call `name`."""
    return KEYS.get(name.lower().replace("-", "_"))


def unknown_key_help(name: str, path: str, keys: Collection[str]) -> str:
    """Say which key was meant by a name that a section does not have.

    Args:
        name: the unknown key.
        path: of the section in the recipe, `early_stopping.`; empty for the recipe itself.
        keys: those of the section.
    """
    if found := familiar_key(name):
        section, _, last = found.path.rpartition(".")
        # In another section: the key's whole path is the help.
        if section != path.rstrip("."):
            return f"it is written `{found.text()}`"
        return f"did you mean `{last}`?"
    return did_you_mean(name, keys) or f"the keys are {', '.join(f'`{one}`' for one in keys)}"


def unknown_word_help(word: str, known: Collection[str]) -> str:
    """Suggest the known word that other libraries call `word`, or a similar one; else nothing."""
    found = WORDS.get(word.lower().replace("-", "_").replace(" ", "_"))
    return f"did you mean `{found}`?" if found in known else did_you_mean(word, known)
