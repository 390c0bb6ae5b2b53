"""A stand-in for a Terraform provider: the true one's schema over the true plugin protocol.

    python provider.py SCHEMA

It packs what `archive_file` says, and accepts every resource that fits the schema: what a provider
computes is unknown in a plan, and made up in an apply. Runs with the packages tf and msgpack alone,
outside the project's environment: they want another protobuf than MediaPipe.
"""

import functools
import hashlib
import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import msgpack
from tf.gen import tfplugin_pb2 as pb
from tf.provider import ProviderServicer
from tf.runner import run_provider

_WRITE_ONLY = b"\x58\x01"
"""Field 11 of Schema.Attribute, true: younger than the package's own definitions."""

_UNKNOWN = msgpack.ExtType(0, b"\x00")
"""https://github.com/zclconf/go-cty/blob/main/docs/marshal.md#unknown-values"""

_GOOGLE = {
    "project": "string",
    "region": "string",
    "billing_project": "string",
    "user_project_override": "bool",
}
_MESSAGE_BYTES = 256 << 20
"""What providers take, with all files of an archive in one message; gRPC's default is 4 MiB.
https://github.com/hashicorp/terraform-plugin-go/blob/main/tfprotov6/tf6server/server.go"""

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
        config = _decoded(request.config)
        if request.type_name == "archive_file":
            _pack(config)
        else:
            schema = self.app.schema["types"][f"data.{request.type_name}"]
            config = _made_up(_with_unknowns(config, schema), schema, str(config))
        return pb.ReadDataSource.Response(state=_encoded(config))

    def UpgradeResourceState(self, request: Any, context: Any) -> Any:
        state = _encoded(json.loads(request.raw_state.json))
        return pb.UpgradeResourceState.Response(upgraded_state=state)

    def ReadResource(self, request: Any, context: Any) -> Any:
        return pb.ReadResource.Response(new_state=request.current_state)

    def PlanResourceChange(self, request: Any, context: Any) -> Any:
        planned = _decoded(request.proposed_new_state)
        if planned is not None:
            schema = self.app.schema["types"][f"resource.{request.type_name}"]
            planned |= {name: None for name in planned if name.endswith("_wo")}
            if _decoded(request.prior_state) is None:
                planned = _with_unknowns(planned, schema)
        return pb.PlanResourceChange.Response(planned_state=_encoded(planned))

    def ApplyResourceChange(self, request: Any, context: Any) -> Any:
        state = _decoded(request.planned_state)
        if state is not None:
            schema = self.app.schema["types"][f"resource.{request.type_name}"]
            state = _made_up(state, schema, str(state))
        return pb.ApplyResourceChange.Response(new_state=_encoded(state))


def _decoded(value: Any) -> Any:
    return msgpack.unpackb(value.msgpack)


def _encoded(value: Any) -> Any:
    return pb.DynamicValue(msgpack=msgpack.packb(value))


def _with_unknowns(value: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The value of a new resource or block: unknown where only the provider knows it."""
    computed = {
        name: _UNKNOWN
        for name, about in schema["attributes"].items()
        if value[name] is None and about["computed"] and (name == "id" or not about["optional"])
    }
    return {**value, **computed, **_in_blocks(value, schema, _with_unknowns)}


def _made_up(value: dict[str, Any], schema: dict[str, Any], seed: str) -> dict[str, Any]:
    """The value with something of the right type instead of all that is unknown."""
    digest = hashlib.sha256(seed.encode()).hexdigest()[:8]
    found = {
        name: _example(about["type"], f"{name}-{digest}")
        for name, about in schema["attributes"].items()
        if isinstance(value[name], msgpack.ExtType)
    }
    blocks = _in_blocks(value, schema, lambda block, nested: _made_up(block, nested, seed))
    return {**value, **found, **blocks}


def _example(kind: Any, text: str) -> Any:
    """A value of a type; types of collections are lists."""
    simple = {"string": text, "number": 1, "bool": False}
    if isinstance(kind, str):
        return simple[kind]
    return {} if kind[0] == "map" else []


def _in_blocks(
    value: dict[str, Any],
    schema: dict[str, Any],
    change: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]],
) -> dict[str, Any]:
    return {
        name: [change(block, nested) for block in value[name]]
        for name, nested in schema["blocks"].items()
        if isinstance(value[name], list)
    }


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
    with zipfile.ZipFile(path, "w") as archive:
        for source in sorted(config["source"], key=lambda one: one["filename"]):
            info = zipfile.ZipInfo(source["filename"])
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = int(config["output_file_mode"] or "0644", 8) << 16
            archive.writestr(info, source["content"], compresslevel=1)
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
    sizes = [(f"grpc.max_{way}_message_length", _MESSAGE_BYTES) for way in ("receive", "send")]
    grpc.server = functools.partial(grpc.server, options=sizes)
    run_provider(StandIn(Path(sys.argv[1])), sys.argv[1:])
