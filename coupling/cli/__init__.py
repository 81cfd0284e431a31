"""The command line: `dempbm`. Exit codes: 0 done, 1 our defect, 2 wrong case or command, 3 failed simulation,
4 missing hardware or component, 75 state saved, run me again."""

from __future__ import annotations

import sys
import tempfile
import traceback
from pathlib import Path

from compute.device_errors import device_failures_told
from compute.errors import DempbmError

DEFECT = 1
INTERRUPTED = 130


def main() -> None:
    """Run the command in `sys.argv` and leave with its exit code."""
    from coupling.cli.application import application

    try:
        with device_failures_told():
            application()
    except DempbmError as error:
        print(f"dempbm: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("dempbm: interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except Exception as error:
        print(_defect(error), file=sys.stderr)
        sys.exit(DEFECT)


def _defect(error: Exception) -> str:
    """Write the traceback to a file and return the message that names it."""
    with tempfile.NamedTemporaryFile("w", prefix="dempbm-", suffix=".txt", delete=False, encoding="utf-8") as stream:
        stream.write(f"command: {sys.argv}\n")
        traceback.print_exception(error, file=stream)
    kind = type(error).__name__
    return f"dempbm: this is our defect, not yours: {kind}: {error}. Please report it with {Path(stream.name)}."
