"""The use cases of the functions between the buckets: `landmarks`, `segmentation`, `drain`.

`push_handler` receives push requests, `upload_decoder` decodes uploads, `result_store` writes
results, `stored_masks` reads the masks of one. Imports every other package except `api` and
`sam2_server`.
"""
