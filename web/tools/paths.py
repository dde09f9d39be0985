"""Where things are. Everything made or downloaded lies in folders that git ignores."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
CACHE = ROOT / ".cache"
DIST = ROOT / "dist"
SITE = DIST / "site"
NODE_MODULES = ROOT / "node_modules"
WEB = ROOT / "web"


def short(path: Path) -> str:
    """The path as one would type it from the project's folder."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
