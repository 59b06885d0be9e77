"""Write docs/reference/components.md and workbench/views.json anew from the definitions of the views.

`npm test` fails while one of them is stale.
"""

import os
import subprocess
from pathlib import Path

FRONTEND = Path(__file__).parents[1] / "frontend"

subprocess.run(
    ["npx", "vitest", "run", "src/components/reference.test.ts"],
    cwd=FRONTEND,
    env={**os.environ, "BATHYSCOPE_WRITE_REFERENCE": "1"},
    check=True,
)
