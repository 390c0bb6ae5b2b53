"""Pub/Sub on one machine: an embedded broker, and the official emulator for tests."""
