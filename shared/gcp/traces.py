"""Starts the recording of spans, if the settings ask for it."""

from shared.runtime import tracing
from shared.schemas.settings import Settings


def start(settings: Settings, service: str) -> None:
    """Records spans, and sends them to the configured endpoint. `service` is the function's name.

    Call it before the server forks: it starts no thread and opens no connection.
    """
    if settings.otel_exporter_otlp_traces_endpoint is None:
        return
    # Imported here: it takes 35 to 50 ms, which functions without traces do not spend.
    from shared.gcp.otlp_exporter import OtlpExporter  # noqa: PLC0415
    from shared.gcp.span_recorder import SpanRecorder  # noqa: PLC0415

    endpoint = str(settings.otel_exporter_otlp_traces_endpoint)
    exporter = OtlpExporter(endpoint)
    tracing.install(SpanRecorder(service, settings.trace_project, exporter.export))
