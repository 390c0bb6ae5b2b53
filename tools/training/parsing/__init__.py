"""Training of the face-parsing network: skin, hair, beard and ears of one face, pixel by pixel.

Start with `train`. `tiles` composes the pictures from the sprites of the detection's training.
"""
