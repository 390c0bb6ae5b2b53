"""Application Default Credentials whose tokens come from a server of this machine."""

import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

ROBOT = "robot@my-project.iam.gserviceaccount.com"


def write_key(folder: Path, url: str) -> Path:
    """A key file of a service account, for GOOGLE_APPLICATION_CREDENTIALS."""
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    content = {
        "type": "service_account",
        "project_id": "my-project",
        "private_key_id": "1",
        "private_key": pem,
        "client_email": ROBOT,
        "token_uri": f"{url}/token",
    }
    file = folder / "service-account.json"
    file.write_text(json.dumps(content))
    return file
