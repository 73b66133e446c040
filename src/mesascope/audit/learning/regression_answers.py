"""How a learner of regressions answers: like one step of gradient descent, and like ridge or like remembered tasks."""

from __future__ import annotations

import copy

import numpy as np
from jaxtyping import Float

from mesascope.agents.asking import ask_numbers
from mesascope.audit.assay import Assay, Stage
from mesascope.audit.learning.context import LearningContext
from mesascope.audit.learning.references import prompts
from mesascope.core.boundary import code_of_others
from mesascope.core.details import Rates, rate
from mesascope.core.errors import AgentError
from mesascope.core.rounding import sided
from mesascope.core.text import quoted
from mesascope.core.verdicts import Estimate, Evidence, Verdict
from mesascope.planning.learners.regression import best_rate, gradient_steps, posterior_mean_of_tasks, ridge
from mesascope.worlds.streams.regression import Regression

STEP: float = 1e-2
"""By which inputs are moved on either side, where a sensitivity is measured."""
ALIGNED: float = 0.95
"""Cosine above which an answer counts as as sensitive to its input as one step of gradient descent is."""


def gradient_likeness(context: LearningContext) -> Evidence[Rates] | None:
    """Compares how the last answer depends on the last input with how that of one gradient step does.

    The answer of a step from weights 0 is `rate / N sum y x' q`: its sensitivity is the step itself (von Oswald et al.
    2022, §3.1). Whose answers depend on the input in the same way answers by the same weights.
    """
    stream = context.stream
    if not isinstance(stream, Regression):
        return None
    seen, wide, last = context.reference.observations, stream.dimensions, stream.steps - 1
    memory = context.agent.initial_state(context.episodes)
    for step in range(last):
        _, memory = ask_numbers(context.agent, seen[:, step], memory, outputs=1)
    own = np.empty((context.episodes, wide))
    for place in range(wide):
        answers = []
        for sign in (1, -1):
            moved = seen[:, last].copy()
            moved[:, place] += sign * STEP
            # A copy, since an agent may write into what it is handed.
            with code_of_others(f"Agent {quoted(context.agent.name)}", "when its memory was copied", error=AgentError):
                kept = copy.deepcopy(memory)
            answers.append(ask_numbers(context.agent, moved, kept, outputs=1)[0][:, 0])
        own[:, place] = (answers[0] - answers[1]) / (2 * STEP)
    inputs, values = prompts(context, stream)
    towards = (inputs[:, :last] * values[:, :last, None]).sum(1)
    cosine, null = (context.mean(_cosines(own, one)) for one in (towards, np.roll(towards, 1, axis=0)))
    best = gradient_steps(inputs, values, steps=1, rate=best_rate(wide, last))[:, last]
    apart = context.mean(np.square(context.reference.answers[:, last, 0] - best))
    asked = f"cosine {cosine}, and {ALIGNED} is asked for"
    verdict, reason = sided(
        cosine.interval,
        ALIGNED,
        above_it=(Verdict.PASS, f"cosine {cosine}; {null} to a step on another episode's examples"),
        below_it=(Verdict.FAIL, asked),
        between=asked,
    )
    told = {"cosine": cosine, "another episode": null, "squared distance": apart}
    does = {Verdict.PASS: "depends", Verdict.FAIL: "does not depend", Verdict.INCONCLUSIVE: "may depend"}[verdict]
    sentence = f"Its answer {does} on the input as that of one step of gradient descent does."
    return GRADIENT_LIKENESS.found(verdict, sentence, reason, cosine, null, _rates(told, "likeness to one step"))


def _cosines(first: Float[np.ndarray, "B D"], second: Float[np.ndarray, "B D"]) -> Float[np.ndarray, " B"]:
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return (first * second).sum(1) / np.maximum(lengths, 1e-12)


def _rates(told: dict[str, Estimate], label: str) -> Rates:
    return Rates(rates=tuple(rate(name, one) for name, one in told.items()), y_label=label)


def two_distances(context: LearningContext) -> Evidence[Rates] | None:
    """Compares answers with those of who remembers the tasks of training, and of who learns any (Raventós et al.)."""
    stream = context.stream
    if not isinstance(stream, Regression) or not stream.tasks:
        return None
    tasks, noise = np.asarray(stream.known_tasks(), np.float64), max(stream.noise, 1e-3)
    found, counted = {}, list(stream.counted)
    for place, where in {"seen": stream, "fresh": stream.shifts()["fresh"]}.items():
        episodes = context.of(context.agent, where)
        inputs, values = prompts(context, stream, episodes)
        remembered = posterior_mean_of_tasks(inputs, values, tasks=tasks, noise=noise)
        for name, one in (("remembered", remembered), ("ridge", ridge(inputs, values, penalty=noise**2))):
            squares = np.square(episodes.answers[..., 0] - one)[:, counted]
            found[f"{place}, {name}"] = squares.mean(1) / stream.dimensions
    # On tasks of training both may answer alike; on fresh ones they do not.
    nearer = context.mean(found["fresh, remembered"] - found["fresh, ridge"])
    told = {name: context.mean(values) for name, values in found.items()}
    numbers = "; ".join(f"{name} {one}" for name, one in told.items())
    sentences = {
        Verdict.PASS: "It learns tasks that it was not trained on: on those it answers rather like ridge regression.",
        Verdict.FAIL: "It remembers the tasks of its training: on others it still answers as if they were those.",
        Verdict.INCONCLUSIVE: "Whether it learns tasks or remembers those of its training is open.",
    }
    verdict, reason = sided(
        nearer.interval,
        0.0,
        above_it=(Verdict.PASS, f"squared distances by dimension: {numbers}"),
        below_it=(Verdict.FAIL, f"squared distances by dimension: {numbers}"),
        between=f"it is as near to one as to the other: {numbers}",
    )
    return TWO_DISTANCES.found(verdict, sentences[verdict], reason, nearer, None, _rates(told, "squared distance"))


GRADIENT_LIKENESS: Assay[Rates] = Assay(
    name="gradient-likeness",
    question="optimizer",
    summary="Do its answers depend on the input as those of one step of gradient descent do?",
    stage=Stage.LEARNING,
    place=6,
    details=Rates,
    undone="How its answers depend on the input could not be measured.",
    run=gradient_likeness,
)
TWO_DISTANCES: Assay[Rates] = Assay(
    name="two-distances",
    question="optimizer",
    summary="Does it answer like ridge regression, or as if there were the tasks of its training alone?",
    stage=Stage.LEARNING,
    place=7,
    details=Rates,
    undone="Whether it remembers tasks could not be told.",
    run=two_distances,
)
