from __future__ import annotations

from mesascope.core.errors import MesascopeError, MissingExtraError, UnknownNameError, UntrustedModelError, UsageError


def test_an_unknown_name_is_answered_with_the_nearest_one_and_all():
    error = UnknownNameError("world", "cornr", ["maze", "corner"])
    assert str(error) == "There is no world named 'cornr'. Did you mean 'corner'? Known: corner, maze."
    assert (error.kind, error.given, error.known) == ("world", "cornr", ["corner", "maze"])


def test_nothing_is_suggested_where_nothing_is_near():
    assert str(UnknownNameError("world", "zzz", ["corner"])) == "There is no world named 'zzz'. Known: corner."
    assert str(UnknownNameError("world", "zzz", [])) == "There is no world named 'zzz'. Known: none."


def test_a_missing_extra_says_the_command_that_installs_it():
    text = str(MissingExtraError("Reading an SB3 file", "sb3", "torch"))
    assert "Reading an SB3 file needs the package 'torch'" in text
    assert 'python -m pip install -e ".[sb3]"' in text


def test_exit_codes_tell_bad_usage_from_refused_files():
    refused = UntrustedModelError("it holds a pickle", path="agent.zip", field="policy.pth")
    assert refused.exit_code == 4
    assert str(refused) == "Cannot load 'agent.zip' (policy.pth): it holds a pickle"
    assert str(UntrustedModelError("no", path="a")) == "Cannot load 'a': no"
    assert UsageError("x").exit_code == MesascopeError("x").exit_code == 2
