"""Write the contracts of agencies' systems, as they are played, into docs/agencies. Run it when a contract changes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from inspection_station.gateway.agencies.simulator.app import build_simulators

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "agencies"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for system, app in build_simulators(datetime.now(UTC)).systems.items():
        text = json.dumps(app.openapi(), ensure_ascii=False, indent=1, sort_keys=True)
        (FOLDER / f"{system.value}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
