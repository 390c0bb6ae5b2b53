"""Finding the Pub/Sub emulator of the Google Cloud SDK."""

import shutil
from pathlib import Path

_JAR = "platform/pubsub-emulator/lib/cloud-pubsub-emulator-*.jar"


def find_emulator() -> Path | None:
    """The emulator's jar, if both it and a Java to run it are on this machine's PATH."""
    gcloud = shutil.which("gcloud")
    if gcloud is None or shutil.which("java") is None:
        return None
    # Installers either link bin/gcloud into the SDK or wrap it; the SDK's root is two above.
    for root in (Path(gcloud).resolve().parent.parent, Path("/usr/lib/google-cloud-sdk")):
        jars = sorted(root.glob(_JAR))
        if jars:
            return jars[-1]
    return None


def command(jar: Path, port: int) -> list[str]:
    """What starts it; without --host it may listen on IPv6 alone."""
    return ["java", "-jar", str(jar), "--host=127.0.0.1", f"--port={port}"]
