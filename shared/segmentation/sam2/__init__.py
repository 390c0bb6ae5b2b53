"""SAM2 over HTTP: the contract that both sides keep, and the client's calls."""
