"""Sources of candidate masks, one file each.

`base` has the protocol that all of them keep, `factory` chooses one by the settings.
"""
