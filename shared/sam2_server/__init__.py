"""Our own SAM2 service, without the HTTP framework around it."""
