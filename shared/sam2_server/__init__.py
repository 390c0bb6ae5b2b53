"""Our own SAM2 service, except its entry point, which is `functions/sam2`.

Imports `decoding`, `imaging`, `runtime`, `schemas`, `segmentation` and `serving`. Start with
`service`; `model` runs real SAM2.
"""
