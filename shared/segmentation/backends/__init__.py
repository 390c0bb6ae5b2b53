"""Sources of candidate masks, one file each.

`base` has the protocol that all of them implement; `factory` chooses one from the settings.
"""
