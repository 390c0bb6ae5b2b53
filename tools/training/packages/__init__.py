"""Sprites from npm packages: avatars, emoji and icons with free licences (LICENCES.md).

`python -m tools.training.packages` installs the packages of package.json and writes the sprites to
.toonmask/training/sprites. Start with sprites.py.
"""
