"""The facts that a kind's class states in a word; the rules that need shapes are in kind.py."""

from __future__ import annotations

from typing import Any, ClassVar

from netdsl.kinds.facts import Case
from netdsl.kinds.values import Configured


class Stated(Configured):
    """What a kind states of itself in addition to its rules.

    Attributes:
        word: its spelling.
        aliases: further spellings.
        added: whether it came after version 0.1.0: a name that a text defines is then the text's
            own, with the warning W721.
        group: its family.
        cases: facts: its documentation's examples and its tests at once.

    How it is written:
        takes: of size, amount and stride: `yes` (must), `maybe`; left out: refused.
        usual_size: the size where none is written, if there is one then.
        stride_is_size: whether the stride is the size where none is written; else it is 1.
        positional: the options that may be given without their names, in order.
        as_part: whether the bare word can be an option of another layer.
        means_none: whether it means, as an option, that there is none.
        is_source: whether it takes no input: a tensor of the network's own.
        merges: whether it takes several tensors: `add[ a | b ]`.
        wordless: whether it is the merge without a word: `[ a | b ]`.
        names_elsewhere: its names in Keras and PyTorch, in small letters, without `2d` and `_`.
        counterparts: its layer or function in Keras and in PyTorch, of two axes where there are
            several, under the keys `keras` and `torch`; empty where there is none.
        usual_spelling: how messages say that it is written; empty: its word.

    What it does:
        is_identity: whether it is the branch that changes nothing, and adds no operation.
        takes_indices: whether it takes indices, and nothing else.
        shape_only: whether it only moves or drops numbers.
        sums_inputs: whether it adds its inputs up.
        joins_inputs: whether it puts its inputs side by side; drawings show a bar.
        sign: what drawings show in a circle for it, as mathematics writes it.
        removes_mean: whether it takes the mean of each channel away, and with it what a bias
            before it added.
        relu_like: whether kernels before it begin as He et al. (2015) say.
        output_meaning: what a loss can read its output as: `distribution` (probabilities of the
            channels, which sum to 1), `log-distribution`, `probability` (each number alone),
            `score` (any number), `margin` (a side, from -1 to 1), `decision` (a side, above 0 or
            not); empty: none of these.
        inactive_in_use: whether its output is its input, except in training.
        differs_in_training: whether it does something else while training than in use, where it is
        not inactive. makes_mask: whether it can say which positions are padding (`embed-8(mask)`).
        takes_mask: whether it skips positions that are padding.
        keeps_mask: whether layers after it know which these are, as Keras hands it on.
        flattens_input: whether it takes everything that comes in as one vector.
        tied_to: the kinds whose kernel, transposed, can be its own.
        depth: how many layers `expect depth` counts for it.

    How it is written in Keras, in addition to the rule `layers`:
        keras_signatures: what the arguments are called that its Keras layers are given by position,
            the rank left out: `Conv(filters, kernel_size)`. Programs name blocks' parameters so.
        keras_defaults: arguments of its Keras layer that are left out at these values.
        keras_activation: whether its Keras layer has an argument `activation`.
        keras_function: the function of `keras.layers` that is the same as the layer: `add`.
        program_name: what programs call a block of it, after the first of its `keras_layers`.

    How it is read from Keras, in addition to the rule `from_keras`:
        keras_layers: the Keras layers and operations that a layer of the kind can end with, by the
            names of their classes, the rank left out: `Conv` of Conv1D, Conv2D and Conv3D.
        reads_call_arguments: whether `from_keras` reads what a call is given in addition to its
            inputs; else calls that are given more are refused.

    What it costs:
        arithmetic: what is done for each number of the output, named: `negate exp add divide`.
        saved_for_backward: of `inputs`, `output`, `indices` (one for each number of the output)
            and `mask` (the same).
        library_saves_input: whether libraries save the input for the backward pass where less
            would do, as PyTorch does (tools/autograd/derivatives.yaml); estimates of memory
            follow them.
        saved_once_per_batch: whether what it saves in addition to inputs and output is saved once
            for a whole batch, and not for each example.
        differentiable: whether gradients pass it; False where its derivative is 0 everywhere.
        gate: what it does with the gradient, as lectures name it: `distributes`, `swaps`, `routes`.
        passes_gradient: whether the gradient of its output is that of its inputs, as it is.
        splits_gradient: whether the gradients of its inputs are slices of that of its output.
        is_view: whether its output is its input's numbers, in the same storage.
        in_place: whether its output can take its input's storage.
        free_in_lectures: whether textbooks do not count its output among the activations; so it
            is with views and what works in place.
        takes_workspace: whether libraries take further memory while it is computed, as much as it
            reads and writes.
        gains_from_xla: whether XLA makes it faster on a CPU.
        reach: what a position sees of each input: `position` (its own), `all` (all of them),
            `nothing`.
    """

    word: ClassVar[str] = ""
    aliases: ClassVar[tuple[str, ...]] = ()
    added: ClassVar[bool] = False
    group: ClassVar[str] = ""
    cases: ClassVar[tuple[Case, ...]] = ()

    takes: ClassVar[dict[str, str]] = {}
    usual_size: ClassVar[int | None] = None
    stride_is_size: ClassVar[bool] = False
    positional: ClassVar[tuple[str, ...]] = ()
    as_part: ClassVar[bool] = False
    means_none: ClassVar[bool] = False
    is_source: ClassVar[bool] = False
    merges: ClassVar[bool] = False
    wordless: ClassVar[bool] = False
    names_elsewhere: ClassVar[tuple[str, ...]] = ()
    counterparts: ClassVar[tuple[str, str]] = ("", "")
    usual_spelling: ClassVar[str] = ""

    is_identity: ClassVar[bool] = False
    takes_indices: ClassVar[bool] = False
    shape_only: ClassVar[bool] = False
    sums_inputs: ClassVar[bool] = False
    joins_inputs: ClassVar[bool] = False
    sign: ClassVar[str] = ""
    removes_mean: ClassVar[bool] = False
    relu_like: ClassVar[bool] = False
    output_meaning: ClassVar[str] = ""
    inactive_in_use: ClassVar[bool] = False
    differs_in_training: ClassVar[bool] = False
    makes_mask: ClassVar[bool] = False
    takes_mask: ClassVar[bool] = False
    keeps_mask: ClassVar[bool] = False
    flattens_input: ClassVar[bool] = False
    tied_to: ClassVar[tuple[str, ...]] = ()
    depth: ClassVar[int] = 0

    keras_signatures: ClassVar[tuple[str, ...]] = ()
    keras_defaults: ClassVar[dict[str, Any]] = {}
    keras_activation: ClassVar[bool] = False
    keras_function: ClassVar[str] = ""
    program_name: ClassVar[str] = ""

    keras_layers: ClassVar[tuple[str, ...]] = ()
    reads_call_arguments: ClassVar[bool] = False

    arithmetic: ClassVar[str | None] = None
    saved_for_backward: ClassVar[str | None] = None
    library_saves_input: ClassVar[bool] = False
    saved_once_per_batch: ClassVar[bool] = False
    differentiable: ClassVar[bool] = True
    gate: ClassVar[str] = ""
    passes_gradient: ClassVar[bool] = False
    splits_gradient: ClassVar[bool] = False
    is_view: ClassVar[bool] = False
    in_place: ClassVar[bool] = False
    free_in_lectures: ClassVar[bool] = False
    takes_workspace: ClassVar[bool] = False
    gains_from_xla: ClassVar[bool] = False
    reach: ClassVar[str | None] = None
