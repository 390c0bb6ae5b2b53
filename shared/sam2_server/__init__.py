"""Our own SAM2 service, served by `functions/sam2`, without the HTTP framework around it.

Imports `decoding`, `imaging`, `runtime`, `schemas`, `segmentation` and `serving`. Start with
`service`; `model` runs real SAM2.
"""
