"""A stand-in for a Terraform provider: the true one's schema over the true plugin protocol.

    python provider.py SCHEMA

Terraform's own checks against the schema are all that it serves, with one exception: it reads
`archive_file`, so that what a deployment packs can be looked at. Runs with the packages tf and
msgpack alone, outside the project's environment: they want another protobuf than MediaPipe.
"""

import hashlib
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import msgpack
from tf.gen import tfplugin_pb2 as pb
from tf.provider import ProviderServicer
from tf.runner import run_provider

_WRITE_ONLY = b"\x58\x01"
"""Field 11 of Schema.Attribute, true: younger than the package's own definitions."""

_GOOGLE = {
    "project": "string",
    "region": "string",
    "billing_project": "string",
    "user_project_override": "bool",
}
_PROVIDER_ARGUMENTS = {"google": _GOOGLE, "google-beta": _GOOGLE, "archive": {}, "time": {}}
_NESTING = {
    "list": pb.Schema.NestedBlock.LIST,
    "set": pb.Schema.NestedBlock.SET,
    "single": pb.Schema.NestedBlock.SINGLE,
}


class StandIn:
    """The attributes of a provider that run_provider needs."""

    def __init__(self, file: Path) -> None:
        self.schema = json.loads(file.read_text())

    def full_name(self) -> str:
        return f"registry.terraform.io/hashicorp/{self.schema['provider']}"

    def get_model_prefix(self) -> str:
        return f"{self.schema['provider']}_"


class Servicer(ProviderServicer):
    """Returns the schema, and accepts everything that Terraform itself did not refuse."""

    def GetProviderSchema(self, request: Any, context: Any) -> Any:
        types = self.app.schema["types"]
        own = _PROVIDER_ARGUMENTS[self.app.schema["provider"]]
        attributes = {n: {"type": t, "optional": True} for n, t in own.items()}
        if own:
            attributes["default_labels"] = {"type": ["map", "string"], "optional": True}
        return pb.GetProviderSchema.Response(
            provider=pb.Schema(block=_block({"attributes": attributes, "blocks": {}})),
            resource_schemas=_schemas(types, "resource."),
            data_source_schemas=_schemas(types, "data."),
        )

    def ValidateProviderConfig(self, request: Any, context: Any) -> Any:
        return pb.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, request: Any, context: Any) -> Any:
        return pb.ValidateResourceConfig.Response()

    def ValidateDataResourceConfig(self, request: Any, context: Any) -> Any:
        return pb.ValidateDataResourceConfig.Response()

    def ConfigureProvider(self, request: Any, context: Any) -> Any:
        return pb.ConfigureProvider.Response()

    def ReadDataSource(self, request: Any, context: Any) -> Any:
        assert request.type_name == "archive_file"
        config = msgpack.unpackb(request.config.msgpack)
        _pack(config)
        state = pb.DynamicValue(msgpack=msgpack.packb(config))
        return pb.ReadDataSource.Response(state=state)


def _schemas(types: dict[str, Any], kind: str) -> dict[str, Any]:
    return {
        name.removeprefix(kind): pb.Schema(block=_block(block))
        for name, block in types.items()
        if name.startswith(kind)
    }


def _block(block: dict[str, Any]) -> Any:
    return pb.Schema.Block(
        attributes=[_attribute(name, about) for name, about in block["attributes"].items()],
        block_types=[
            pb.Schema.NestedBlock(
                type_name=name,
                block=_block(nested),
                nesting=_NESTING[nested["nesting"]],
                min_items=nested["min"],
                max_items=nested["max"],
            )
            for name, nested in block["blocks"].items()
        ],
    )


def _attribute(name: str, about: dict[str, Any]) -> Any:
    write_only = name.endswith("_wo")
    attribute = pb.Schema.Attribute(
        name=name,
        type=json.dumps(about["type"]).encode(),
        required=about.get("required", False),
        optional=about.get("optional", False),
        computed=about.get("computed", False) and not write_only,
    )
    if write_only:
        attribute.MergeFromString(_WRITE_ONLY)
    return attribute


def _pack(config: dict[str, Any]) -> None:
    """Writes the archive of `source` blocks, and adds computed values to `config`."""
    path = Path(config["output_path"])
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for source in sorted(config["source"], key=lambda one: one["filename"]):
            info = zipfile.ZipInfo(source["filename"])
            info.external_attr = int(config["output_file_mode"] or "0644", 8) << 16
            archive.writestr(info, source["content"], zipfile.ZIP_DEFLATED)
    data = path.read_bytes()
    config["output_sha256"] = hashlib.sha256(data).hexdigest()
    config["output_size"] = len(data)
    for name, value in config.items():
        if value is None and name.startswith("output_"):
            config[name] = hashlib.new("sha1", data, usedforsecurity=False).hexdigest()
    config["id"] = config["output_sha256"]


if __name__ == "__main__":
    import tf.provider

    tf.provider.ProviderServicer = Servicer
    run_provider(StandIn(Path(sys.argv[1])), sys.argv[1:])
