"""Where the local stack keeps its files; everything is under .local, which git ignores."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
LOGS = LOCAL / "logs"
TEMPORARY = LOCAL / "tmp"
STATE = LOCAL / "emulator.json"
OUTPUTS = LOCAL / "outputs.json"
EMULATOR_PYTHON = LOCAL / "venv" / "emulator" / "bin" / "python"
SAM = LOCAL / "venv" / "sam" / "bin" / "sam"
SAM_PYTHON = LOCAL / "venv" / "sam" / "bin" / "python"
