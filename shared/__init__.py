"""All that toonmask's functions have in common; see docs/architecture.md for the map."""

VERSION = "0.1.0"
