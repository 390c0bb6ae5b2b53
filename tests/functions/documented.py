"""A test client that compares each response with the OpenAPI document of the service."""

from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse


class DocumentedClient(FlaskClient):
    """Fails a test if a documented operation responds with an undocumented status or media type."""

    document: dict[str, Any]

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = super().open(*args, **kwargs)
        operations = self.document["paths"].get(response.request.path, {})
        operation = operations.get(response.request.method.lower())
        if operation is not None:
            documented = operation["responses"].get(str(response.status_code))
            assert documented is not None, f"{operation['operationId']}: {response.status}"
            media_types = documented.get("content", {response.mimetype: None})
            assert response.mimetype in media_types, f"{operation['operationId']}: {media_types}"
        return response


def documented_client(app: Flask, document: dict[str, Any]) -> FlaskClient:
    """Returns a test client of the app that checks responses against the document."""
    client = DocumentedClient(app, app.response_class)
    client.document = document
    return client
