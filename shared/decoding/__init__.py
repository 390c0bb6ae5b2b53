"""Decoding what strangers upload, in processes of their own that may take so much and no more.

`Sandbox` is what the rest of the system uses. It has a fork server (`fork_server`), which forks a
process for each file; what that does is in `job`, and the pixels themselves come from `pixels`.
"""
