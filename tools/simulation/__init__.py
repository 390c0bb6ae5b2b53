"""What a deployment takes at a given load: a simulation, and its report in docs/scale.md."""
