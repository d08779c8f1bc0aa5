"""Names of other libraries lead to keys and words that recipes have."""

from __future__ import annotations

import pytest

from netdsl.errors import NetError
from netdsl.training.recipes.familiar import KEYS, WORDS
from netdsl.training.recipes.recipe import Recipe, parse_recipe
from netdsl.training.recipes.sections import paths_of
from netdsl.training.recipes.settings import RecipeSetting


@pytest.mark.parametrize("name", KEYS)
def test_a_familiar_key_is_one_of_recipes_and_its_value_is_right(name: str) -> None:
    found = KEYS[name]
    settings = [RecipeSetting(*one.split("=", 1)) for one in found.settings().split("--set ")[1:]]
    by_options = parse_recipe("", settings=[RecipeSetting(k, v.strip()) for k, v in settings])
    assert by_options == parse_recipe(found.text()) != Recipe()


def test_familiar_names_are_not_those_of_recipes() -> None:
    assert not {path for path in paths_of(Recipe) if "." not in path} & set(KEYS)


@pytest.mark.parametrize("word", WORDS)
def test_a_familiar_word_is_not_a_value_and_leads_to_one(word: str) -> None:
    keys = ("loss", "schedule", "early_stopping.metric", "precision", "backend")
    for key in keys:
        *sections, last = key.split(".")
        text = "".join(f"{section}: {{" for section in sections) + f"{last}: {word}"
        with pytest.raises(NetError) as raised:
            parse_recipe(text + "}" * len(sections))
        if f"`{WORDS[word]}`?" in (raised.value.diagnostics[0].help or ""):
            return
    pytest.fail(f"{word} leads nowhere")
