from __future__ import annotations

import threadpoolctl

from mesascope.core.threads import SETTINGS, one_linear_algebra_thread


def threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"}


def test_one_thread_while_it_lasts_and_as_before_afterwards(monkeypatch):
    for setting in SETTINGS:
        monkeypatch.delenv(setting, raising=False)
    with threadpoolctl.threadpool_limits(limits=2, user_api="blas"):
        before = threads()
        with one_linear_algebra_thread():
            assert threads() == {1}
        assert threads() == before


def test_who_has_set_threads_keeps_them(monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    with threadpoolctl.threadpool_limits(limits=2, user_api="blas"), one_linear_algebra_thread():
        assert threads() == {2}
