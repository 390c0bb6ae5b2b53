"""Pub/Sub on one machine: an embedded broker, and for tests the official emulator."""
