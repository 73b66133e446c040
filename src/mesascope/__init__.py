"""Mesascope: a laboratory and auditor for learned optimization.

The main job is a function, `help(mesascope.audit)` says what its arguments are:

    report = mesascope.audit(agent, world)
    audit(agent, world, *, base_objective, train, deploy, world_options, deploy_world, deploy_options, objective,
          assays, seed, levels, view, trust_pickle, deterministic, vecnormalize, frame_stack, progress,
          command) -> Report

Everything else that is public is listed below; `mesascope --help` lists what the command line does.
"""

from __future__ import annotations

import importlib

from mesascope import _audit_call as _audit_call

# Not from `typing`: the command line listens to Ctrl-C only once this module is loaded.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from mesascope.agents.adapters.pickled_arrays import load_pickled_arrays as load_pickled_arrays
    from mesascope.agents.agent import Agent as Agent
    from mesascope.agents.files import load_agent as load_agent
    from mesascope.agents.files import save_agent as save_agent
    from mesascope.agents.resolve import resolve_agent as resolve_agent
    from mesascope.api.attack import attack as attack
    from mesascope.api.audit import audit as audit
    from mesascope.api.audit_learner import audit_learner as audit_learner
    from mesascope.api.classify import classify as classify
    from mesascope.api.compare import compare as compare
    from mesascope.api.distance import distance as distance
    from mesascope.api.onset import onset as onset
    from mesascope.api.question import question as question
    from mesascope.api.remedy import remedy as remedy
    from mesascope.api.search import search as search
    from mesascope.api.show import show as show
    from mesascope.api.train import train as train
    from mesascope.api.verify import verify as verify
    from mesascope.api.witness import witness as witness
    from mesascope.audit.assay import Assay as Assay
    from mesascope.audit.assay import Requirement as Requirement
    from mesascope.audit.assay import Stage as Stage
    from mesascope.audit.context import AuditContext as AuditContext
    from mesascope.audit.fit.check_fit import check_fit as check_fit
    from mesascope.audit.objective.recovery.behavioral_objective import BehavioralObjective as BehavioralObjective
    from mesascope.audit.objective.recovery.data.demonstrations import Demonstrations as Demonstrations
    from mesascope.audit.objective.recovery.data.demonstrations import Episode as Episode
    from mesascope.audit.objective.recovery.data.recordings import demonstrations as demonstrations
    from mesascope.audit.objective.recovery.recover import recover as recover
    from mesascope.core.details import Details as Details
    from mesascope.core.errors import MesascopeError as MesascopeError
    from mesascope.core.intervals import bootstrap_mean as bootstrap_mean
    from mesascope.core.intervals import wilson as wilson
    from mesascope.core.verdicts import Estimate as Estimate
    from mesascope.core.verdicts import Evidence as Evidence
    from mesascope.core.verdicts import Verdict as Verdict
    from mesascope.organisms.organism import Organism as Organism
    from mesascope.organisms.submission import Submission as Submission
    from mesascope.organisms.submission import SubmittedTruth as SubmittedTruth
    from mesascope.proof.attacks.attack import Attack as Attack
    from mesascope.proof.box import BadOutputs as BadOutputs
    from mesascope.proof.box import Box as Box
    from mesascope.proof.property import Property as Property
    from mesascope.proof.property import property_named as property_named
    from mesascope.proof.set_names import set_named as set_named
    from mesascope.proof.state_set import StateSet as StateSet
    from mesascope.proof.verdict import ProofVerdict as ProofVerdict
    from mesascope.report.data.audit_report import Report as Report
    from mesascope.report.data.remedy_comparison import Comparison as Comparison
    from mesascope.report.data.report_table import report_table as report_table
    from mesascope.training.closure import as_agent as as_agent
    from mesascope.training.closure import as_stream as as_stream
    from mesascope.worlds.catalogue import resolve_world as resolve_world
    from mesascope.worlds.grid_world import GridWorld as GridWorld
    from mesascope.worlds.level import Level as Level
    from mesascope.worlds.level import reachable_states as reachable_states
    from mesascope.worlds.matrix import world_from_matrix as world_from_matrix
    from mesascope.worlds.places import PLACE_ATTRIBUTES as PLACE_ATTRIBUTES
    from mesascope.worlds.places import PLACE_OBJECTIVES as PLACE_OBJECTIVES
    from mesascope.worlds.places import place_attributes as place_attributes
    from mesascope.worlds.streams.catalogue import resolve_stream as resolve_stream
    from mesascope.worlds.streams.stream import Stream as Stream
    from mesascope.worlds.transitions import level_from_matrix as level_from_matrix
    from mesascope.worlds.world import ObjectiveSpec as ObjectiveSpec
    from mesascope.worlds.world import World as World
    from mesascope.worlds.world import reach as reach

# Imported when first used, so that `import mesascope` and the command line start without JAX. Sorted by what a user
# needs first.
_HOMES = {
    "audit_learner": "mesascope.api.audit_learner",
    "search": "mesascope.api.search",
    "recover": "mesascope.audit.objective.recovery.recover",
    "question": "mesascope.api.question",
    "classify": "mesascope.api.classify",
    "witness": "mesascope.api.witness",
    "verify": "mesascope.api.verify",
    "attack": "mesascope.api.attack",
    "train": "mesascope.api.train",
    "remedy": "mesascope.api.remedy",
    "distance": "mesascope.api.distance",
    "onset": "mesascope.api.onset",
    "show": "mesascope.api.show",
    "compare": "mesascope.api.compare",
    "check_fit": "mesascope.audit.fit.check_fit",
    "Report": "mesascope.report.data.audit_report",
    "report_table": "mesascope.report.data.report_table",
    "Comparison": "mesascope.report.data.remedy_comparison",
    "ProofVerdict": "mesascope.proof.verdict",
    "StateSet": "mesascope.proof.state_set",
    "Property": "mesascope.proof.property",
    "property_named": "mesascope.proof.property",
    "set_named": "mesascope.proof.set_names",
    "Box": "mesascope.proof.box",
    "BadOutputs": "mesascope.proof.box",
    "Attack": "mesascope.proof.attacks.attack",
    "Organism": "mesascope.organisms.organism",
    "Agent": "mesascope.agents.agent",
    "resolve_agent": "mesascope.agents.resolve",
    "load_agent": "mesascope.agents.files",
    "save_agent": "mesascope.agents.files",
    "load_pickled_arrays": "mesascope.agents.adapters.pickled_arrays",
    "BehavioralObjective": "mesascope.audit.objective.recovery.behavioral_objective",
    "demonstrations": "mesascope.audit.objective.recovery.data.recordings",
    "Demonstrations": "mesascope.audit.objective.recovery.data.demonstrations",
    "Episode": "mesascope.audit.objective.recovery.data.demonstrations",
    "World": "mesascope.worlds.world",
    "GridWorld": "mesascope.worlds.grid_world",
    "resolve_world": "mesascope.worlds.catalogue",
    "Level": "mesascope.worlds.level",
    "level_from_matrix": "mesascope.worlds.transitions",
    "world_from_matrix": "mesascope.worlds.matrix",
    "Stream": "mesascope.worlds.streams.stream",
    "resolve_stream": "mesascope.worlds.streams.catalogue",
    "as_stream": "mesascope.training.closure",
    "as_agent": "mesascope.training.closure",
    "ObjectiveSpec": "mesascope.worlds.world",
    "reach": "mesascope.worlds.world",
    "reachable_states": "mesascope.worlds.level",
    "place_attributes": "mesascope.worlds.places",
    "PLACE_ATTRIBUTES": "mesascope.worlds.places",
    "PLACE_OBJECTIVES": "mesascope.worlds.places",
    "Assay": "mesascope.audit.assay",
    "Stage": "mesascope.audit.assay",
    "Requirement": "mesascope.audit.assay",
    "AuditContext": "mesascope.audit.context",
    "Details": "mesascope.core.details",
    "Submission": "mesascope.organisms.submission",
    "SubmittedTruth": "mesascope.organisms.submission",
    "bootstrap_mean": "mesascope.core.intervals",
    "wilson": "mesascope.core.intervals",
    "Estimate": "mesascope.core.verdicts",
    "Evidence": "mesascope.core.verdicts",
    "Verdict": "mesascope.core.verdicts",
    "MesascopeError": "mesascope.core.errors",
}

__all__ = ["audit", *_HOMES]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("mesascope")
    if name not in _HOMES:
        raise AttributeError(f"module 'mesascope' has no attribute '{name}'")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
