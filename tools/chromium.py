"""The Chromium of tests and measurements: where it is and how it is started. Run to install one where there is none."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The last list of such features counts: it holds what Playwright turns off of the network's, too. The two of the
    # address bar would open a page of their own beside every window, which costs as much as one of ours.
    "--disable-features=HttpsUpgrades,MediaRouter,NetworkTimeServiceQuerying,OptimizationHints,PreconnectToSearch,"
    "LensOverlay,WebUIOmniboxAimPopup,WebUIOmniboxPopup",
)
"""Nothing of a headless Chromium leaves this machine, and nothing is drawn that nobody sees."""

WITHOUT_GPU = ("--disable-gpu",)
"""Pages are drawn a fifth quicker than with an imitated GPU; there is no WebGL."""

SOFTWARE_WEBGL = (
    "--enable-unsafe-swiftshader",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--disable-gpu-compositing",
)
"""WebGL2 on a machine without a GPU. Pages are put together by the processor, as Chromium itself does there: through an
imitated GPU that takes ten times longer."""

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def find() -> str | None:
    """Path of an installed Chromium or Chrome."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def main() -> int:
    """Exit status 0 even without a browser: the browser tests then say that they were skipped, and why."""
    if find():
        return 0
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing Chromium for the browser tests …")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update"], check=False, env=environment, **quiet)
        subprocess.run(["apt-get", "install", "--yes", "chromium"], check=False, env=environment, **quiet)
    if not find():
        playwright = Path(sys.executable).with_name("playwright")
        subprocess.run([playwright, "install", "chromium"], check=False)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
