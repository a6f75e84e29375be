"""What is typed means what it says: paths, addresses and passwords are text, whatever signs they hold."""

from __future__ import annotations

import random

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from physadv.app.commands import COMMANDS
from physadv.app.config.compose import Composer
from physadv.app.config.spelling import quoted, read, spelled, split, unquoted
from physadv.app.registry import Registry
from physadv.core.errors import BadOption


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry(discover=False)


def value(registry: Registry, command: str, key: str, *typed: str) -> object:
    composer = Composer(COMMANDS[command], registry)
    return OmegaConf.select(composer.composed(composer.prepared(typed)), key)


TEXTS = [
    "runs/a=1", "2024_01", "1.10", "1_10", "1e3", "0x10", "true", "фото/крышка", "sub/photos#2", "tilde~1",
    "semi;colon", "O'Brien", 'an "inch"', "a,b", "(1)", "[1]", "{x}", "a: b", " blank ", "C:\\photos\\", "100%",
    "${name}", "${oc.env:HOME}", "\\${x}", "$HOME", "*", "?q=1&r=2", "!", "a\\'b", "'a','b'", "é\u0301", "\t",
    "rtsp://admin:p!w,(1)'\"@127.0.0.1:554/cam/realmonitor?channel=1&subtype=0#t=1",
]  # fmt: skip


@pytest.mark.slow
def test_a_text_option_is_everything_behind_the_first_equals_sign(registry: Registry) -> None:
    composer = Composer(COMMANDS["watch"], registry)
    keys = ("source", "board", "camera", "record", "out", "name")
    for first in range(0, len(TEXTS), len(keys)):
        texts = dict(zip(keys, TEXTS[first:], strict=False))
        made = composer.composed(composer.prepared([*(f"{key}={text}" for key, text in texts.items()), "seed=1"]))
        assert {key: made[key] for key in texts} == texts
        assert made.seed == 1


@pytest.mark.slow
def test_one_pair_of_quotes_round_a_whole_text_is_taken_off(registry: Registry) -> None:
    for typed in ("patch='runs/a=1'", 'patch="runs/a=1"', "patch=runs/a=1"):
        assert value(registry, "evaluate", "patch", typed) == "runs/a=1"


@pytest.mark.slow
def test_any_text_survives_the_way_through_hydra(registry: Registry) -> None:
    dice = random.Random(0)
    composer = Composer(COMMANDS["sheet"], registry)
    for _ in range(20):
        words = ["".join(dice.choices("ab \\'\"${}[]=,:#1._-é", k=dice.randint(0, 12))) for _ in range(3)]
        keys = ("title", "note", "patch")
        made = composer.composed([f"{key}={quoted(word)}" for key, word in zip(keys, words, strict=True)])
        assert [made[key] for key in keys] == words


@pytest.mark.slow
def test_lists_hold_texts_as_typed(registry: Registry) -> None:
    typed = "against=[runs/a=1,2024_01,1.10,'b, c',\"[d]\"]"
    assert value(registry, "evaluate", "against", typed) == ["runs/a=1", "2024_01", "1.10", "b, c", "[d]"]
    assert value(registry, "evaluate", "against", "against=[]") == []


@pytest.mark.slow
def test_chains_of_defences_keep_their_links_and_the_options_of_each(registry: Registry) -> None:
    typed = "defenses=[none,jpeg+jpeg,[jpeg,{part: jpeg, quality: 30}],{part: jpeg, quality: 1}]"
    assert value(registry, "evaluate", "defenses", typed) == [
        "none", "jpeg+jpeg", ["jpeg", {"part": "jpeg", "quality": 30}], {"part": "jpeg", "quality": 1},
    ]  # fmt: skip
    with pytest.raises(BadOption, match=r"Chains stand in the list: 'defenses=\[jpeg\+jpeg\]'"):
        value(registry, "evaluate", "defense", "defense=jpeg+jpeg")


def test_victims_of_a_list_keep_their_paths_and_their_numbers(registry: Registry) -> None:
    typed = "victims=[a=b.onnx,{part: onnx, path: 1_10, confidence: 0.50, labels: [x=y, stop]}]"
    assert value(registry, "evaluate", "victims", typed) == [
        "a=b.onnx", {"part": "onnx", "path": "1_10", "confidence": 0.5, "labels": ["x=y", "stop"]},
    ]  # fmt: skip


@pytest.mark.slow
def test_untyped_options_take_numbers_only_as_they_are_spelled(registry: Registry) -> None:
    shown = {"3": 3, "0.5": 0.5, "1.10": "1.10", "1_10": "1_10", "a=b.txt": "a=b.txt", "[a,b]": ["a", "b"]}
    composer = Composer(COMMANDS["generate"], registry)
    for text, meant in shown.items():
        (_, ready) = OverridesParser.create().parse_overrides(
            composer.prepared(["victim=onnx", f"victim.labels={text}"])
        )
        assert ready.value() == meant


@pytest.mark.slow
def test_numbers_are_still_numbers(registry: Registry) -> None:
    assert value(registry, "generate", "budget.steps", "budget.steps=1_000") == 1000
    assert value(registry, "generate", "scenes.distance_m", "scenes.distance_m=[4,20.5]") == [4.0, 20.5]


@pytest.mark.slow
def test_sweeps_part_texts_at_commas(registry: Registry) -> None:
    composer = Composer(COMMANDS["evaluate"], registry, sweep=True)
    ready = composer.prepared(["patch=runs/a=1,runs/1_10,'b,c'", "seed=1,2", "victim=choice(onnx,opencv-dnn)"])
    assert ready == ["patch='runs/a=1','runs/1_10','b,c'", "seed=1,2", "victim=choice(onnx,opencv-dnn)"]


def test_every_choice_of_a_sweep_is_checked(registry: Registry) -> None:
    with pytest.raises(BadOption, match=r"there is no victim named 'onx'\. Did you mean victim=onnx"):
        Composer(COMMANDS["evaluate"], registry, sweep=True).prepared(["victim=sign-nano,onx"])


@pytest.mark.slow
@pytest.mark.parametrize(
    "typed", ["seed=1,x", "judge.images=2,-x", "seed=choice(1,x)", "scenes.distance_m=[1,2],[2,x]"]
)
def test_every_value_of_a_sweep_is_checked(registry: Registry, typed: str) -> None:
    with pytest.raises(BadOption, match="could not be converted"):
        Composer(COMMANDS["evaluate"], registry, sweep=True).prepared([typed])


REFUSED = {
    "seed=x=y": "'seed' of GenerateConfig: Value 'x=y'",
    "victims=a=b.onnx": r"victims takes a list, got 'a=b.onnx'. Write 'victims=\[a=b.onnx\]'",
    "victims=[a=b.onnx": "the '\\[' is never closed",
    "sise=smoke": "there is no option 'sise' in GenerateConfig. Did you mean 'size'",
    "experiment=stop_sign_altr": "there is no experiment named 'stop_sign_altr'. Did you mean experiment=stop_sign_alt",
    "=1": "there is no name before the '='",
    "~seed": "options cannot be taken away",
    "++seed=1": "Leave out the '\\+'",
    "seed@x=1": "cannot be the name of an option",
    "hydra/launcher=jobli": "there is no hydra/launcher named 'jobli'",
    "scenes.rot=x=y": "there is no option 'scenes.rot'",
    "hydra.callbacks.x=1": "hydra.callbacks.x is not an option",
    "seed=${oc.env:NO_SUCH_VARIABLE}": "NO_SUCH_VARIABLE",
}


@pytest.mark.parametrize("typed", list(REFUSED))
def test_a_mistake_is_named_in_one_line(registry: Registry, typed: str) -> None:
    with pytest.raises(BadOption, match=REFUSED[typed]) as said:
        Composer(COMMANDS["generate"], registry).prepared([typed])
    assert "\n" not in str(said.value)


def test_words_are_read_and_cut_outside_of_quotes_and_brackets() -> None:
    assert split("a,'b,c',[d,e],O'Brien,f", ",") == ["a", "'b,c'", "[d,e]", "O'Brien", "f"]
    assert unquoted("'a','b'") is None
    assert unquoted("'it\\'s'") == "it's"
    assert read("{a: 'x, y', 'b': [1, 2]}").keys() == {"a", "b"}
    assert spelled({"a": [True, None, "x'y", 1.5]}) == "{a:[true,null,'x\\'y',1.5]}"
