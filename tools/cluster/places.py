"""Where things are in the clone."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
K8S = ROOT / "k8s"
OFFLINE = K8S / "offline"
ENGINE_SCRIPT = OFFLINE / "engine" / "install.sh"
PROGRAMS = OFFLINE / "programs"
NODE = OFFLINE / "node"
POSTGRES = OFFLINE / "postgres"
CHARTS = ROOT / "charts"
POD_TEMPLATE = K8S / "pod_templates" / "kind.yaml"

# What a run makes, never committed.
WORK = ROOT / ".run" / "cluster"
BIN = WORK / "bin"
