"""Finds the Pub/Sub emulator of the Google Cloud SDK."""

import shutil
from pathlib import Path

_JAR = "platform/pubsub-emulator/lib/cloud-pubsub-emulator-*.jar"


def find_emulator() -> Path | None:
    """Returns the emulator's jar; None if gcloud, its component or Java is not on the PATH."""
    gcloud = shutil.which("gcloud")
    if gcloud is None or shutil.which("java") is None:
        return None
    # Some installers link bin/gcloud into the SDK, others install a wrapper elsewhere.
    for root in (Path(gcloud).resolve().parent.parent, Path("/usr/lib/google-cloud-sdk")):
        jars = sorted(root.glob(_JAR))
        if jars:
            return jars[-1]
    return None


def command(jar: Path, port: int) -> list[str]:
    """Returns the command that starts it. Without --host it may listen only on IPv6."""
    return ["java", "-jar", str(jar), "--host=127.0.0.1", f"--port={port}"]
