"""Virtual environments for the programs that we are compared with: they need other pins than we do."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

PINS: dict[str, tuple[str, ...]] = {
    "imitation": (
        "imitation==1.0.1",
        "seals==0.2.1",
        "stable-baselines3==2.2.1",
        "gymnasium==0.29.1",
        "numpy==2.4.6",
        "torch==2.13.0",
        # Its dependency sacred still imports pkg_resources.
        "setuptools<81",
    ),
    "evosax": ("evosax==0.3.2", "jax==0.10.2", "jaxlib==0.10.2"),
    # With all that an audit needs, since the strategies are audited there.
    "evosax-audited": (
        "evosax==0.3.2",
        "jax==0.10.2",
        "jaxlib==0.10.2",
        "equinox==0.13.8",
        "jaxtyping==0.3.11",
        "jinja2==3.1.6",
        "matplotlib==3.11.2",
        "msgspec==0.23.0",
        "numpy==2.4.6",
        "optax==0.2.8",
        "polars==2.1.0",
        "rich==15.0.0",
        "safetensors==0.8.0",
        "scipy==1.17.1",
        "threadpoolctl==3.8.0",
        "tyro==1.0.17",
    ),
    "gnubg-nn": ("gnubg-nn==1.1.0a11",),
    "navix": ("navix==0.7.4", "jax==0.10.2", "jaxlib==0.10.2"),
    # Without what they need: the environment that asks has it.
    "strangers-environments": ("--no-deps", "gym-simplegrid==1.1.0", "multi-level-maze==1.0.0"),
    "strangers-agents": ("stable-baselines3==2.9.2", "sb3-contrib==2.9.2", "gymnasium==1.4.0", "torch==2.13.0"),
    "stable-baselines3": ("stable-baselines3==2.9.2", "minigrid==3.1.0", "torch==2.13.0"),
}
"""What is installed, versions only; where it comes from is the machine's own pip configuration."""


def peer_python(peer: str, *, build: bool) -> Path | None:
    """Returns the Python of a peer's virtual environment.

    **Arguments:**

    - `peer`: one of `PINS`.
    - `build`: make the environment if it is not there (minutes); otherwise `None` is returned.

    **Raises:** `subprocess.CalledProcessError` if it cannot be installed; pip has said why on standard error.
    """
    pins = PINS[peer]
    # Other pins or another Python are another environment; a half-made one never gets the name.
    tag = hashlib.sha256(" ".join((sys.version.split()[0], *pins)).encode()).hexdigest()[:12]
    folder = cache_folder() / f"{peer}-{tag}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = folder / "complete"
    if done.exists():
        return python
    if not build:
        return None
    print(f"Making the virtual environment of {peer}: {', '.join(pins)}", file=sys.stderr, flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True, stdout=sys.stderr)
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *pins]
    subprocess.run(command, check=True, stdout=sys.stderr)
    done.write_text("\n".join(pins) + "\n", encoding="utf-8")
    return python


def cache_folder() -> Path:
    """Returns where environments and packages of others are kept."""
    root = os.environ.get("MESASCOPE_CACHE") or Path.home() / ".cache" / "mesascope"
    return Path(root) / "peers"
