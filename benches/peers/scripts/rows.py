"""The rows that the report reads: JSON lines in one file, which each run begins anew."""

import json
import math
import os
from pathlib import Path


class Sheet:
    def __init__(self, target, remark=None):
        folder = Path(os.environ.get("BENCH_ROWS") or Path(target) / "bench-rows")
        folder.mkdir(parents=True, exist_ok=True)
        self.file = open(folder / "foreign.jsonl", "w")
        self.remark = remark

    def row(self, what, who, value, unit, note=None):
        """Writes a figure; a whole line at once, so that it stays when a later measurement fails."""
        if not math.isfinite(value):
            raise ValueError(f"{what!r} of {who!r} is no number")
        self._write(what, who, value, unit, note)

    def absent(self, what, who, unit, why):
        """Writes that a figure could not be had here, and why."""
        self._write(what, who, None, unit, why)

    def _write(self, what, who, value, unit, note):
        row = {"table": "peers", "what": what, "who": who, "value": value, "unit": unit}
        remarks = [text for text in (note, self.remark) if text]
        if remarks:
            row["note"] = "; ".join(remarks)
        self.file.write(json.dumps(row) + "\n")
        self.file.flush()
        print(f"{what:48} {who:52} {'absent' if value is None else f'{value:,.4g}':>10} {unit}", flush=True)
