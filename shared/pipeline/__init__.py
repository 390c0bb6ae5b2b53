"""The use cases of the functions between the buckets: `landmarks`, `segmentation`, `drain`.

A push request enters by `push_handler`; a result leaves by `result_store`. Imports every other
package but `api` and `sam2_server`.
"""
