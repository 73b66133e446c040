"""Makes `mesascope.audit` both the room of that name and the main job: `mesascope.audit(agent, world)`.

Python binds a sub-package to its parent when it is imported, so a function of the same name would be there or gone
depending on what was imported first. A module that can be called is the same object in every order. The room itself
stays blind: it does not know that reports exist.
"""

from __future__ import annotations

import importlib
import inspect
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mesascope.report.data.audit_report import Report


class CallableRoom(ModuleType):
    # A package that runs the main job when it is called. What `help` shows of it is the function's.

    @property
    def __doc__(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        from mesascope.api.audit import audit

        return f"{inspect.getdoc(audit)}\n\naudit{inspect.signature(audit)}"

    @property
    def __signature__(self) -> inspect.Signature:
        from mesascope.api.audit import audit

        return inspect.signature(audit)

    def __call__(self, *arguments: Any, **options: Any) -> Report:
        """Audits an agent; see `mesascope.api.audit.audit` for arguments, result and errors."""
        from mesascope.api.audit import audit

        return audit(*arguments, **options)


importlib.import_module("mesascope.audit").__class__ = CallableRoom
