"""SAM2 over HTTP: the request and response formats, and the client.

`contract` has the formats, `transport` sends requests, `crops` encodes images.
"""
