"""The measured programs. Each runs in its own process, which imports nothing else."""
