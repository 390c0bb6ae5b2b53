"""SAM2 over HTTP: the contract that both sides keep, the client's calls, and the service."""
