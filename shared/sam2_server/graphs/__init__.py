"""The networks of the SAM 2 family as OpenVINO graphs, built from a checkpoint's weights."""
