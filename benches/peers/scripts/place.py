"""Where things are, which the run script has set up; and on which processor each side runs."""

import importlib.metadata
import json
import os
import shutil
from pathlib import Path

TARGET = Path(os.environ["TARGET"])
WORK = Path(os.environ["WORK"])
NODE = os.environ["NODE"]
PYTHON = os.environ["PYTHON"]
HERE = Path(__file__).parent
# Node looks for packages from the script's own place upwards, so there is a copy beside them.
SCRIPTS = WORK / "node"
# The same scripts, with the packages of the original server.
ORIGINAL = WORK / "original"
PROGRAMS = Path(os.environ["PROGRAMS"])
# Nothing else of the caller's environment: a proxy or a certificate bundle in it would get in the way.
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": str(WORK), "PYTHONDONTWRITEBYTECODE": "1"}


def node_package(name):
    return f"{name.removeprefix('@azure/')} {node_version(name)}"


def node_version(name, scripts=SCRIPTS):
    return json.loads((scripts / "node_modules" / name / "package.json").read_text())["version"]


def python_version(name):
    return importlib.metadata.version(name)


def pinned(core, command):
    """Keeps a program on one processor, so that a server has one for itself, whoever made it."""
    cores = processors()
    if shutil.which("taskset") is None or len(cores) < 2:
        return command
    return ["taskset", "-c", str(cores[core]), *command]


def processors():
    """Those that may be chosen; none where the system forbids to choose, or does not know how."""
    try:
        cores = os.sched_getaffinity(0)
        os.sched_setaffinity(0, cores)
    except (AttributeError, OSError):
        return []
    return sorted(cores)


SERVER, OTHERS = 0, 1
