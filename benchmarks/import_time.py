"""How long `import bathyscope` and the command line take, in fresh processes; the bare interpreter is taken off."""

import os
import platform
import subprocess
import sys
import time

RUNS = 15


def median_s(code: str) -> float:
    seconds = []
    for _ in range(RUNS):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
        seconds.append(time.perf_counter() - started)
    return sorted(seconds)[RUNS // 2]


if __name__ == "__main__":
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; median of {RUNS}")
    bare = median_s("pass")
    print(f"{'the interpreter alone':40}{bare:7.3f} s")
    for title, code in (
        ("import bathyscope (target 0.300)", "import bathyscope"),
        ("bathyscope.load", "import bathyscope; bathyscope.load"),
        ("bathyscope --help", "import bathyscope.cli"),
    ):
        print(f"{title:40}{median_s(code) - bare:7.3f} s more")
