"""What is measured, each in a process that imports nothing else."""
