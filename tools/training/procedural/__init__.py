"""A generator of drawn faces: SVG with a second rendering that gives the exact label.

Start with `figures`, the sources of sprites. `heads` draws a head's parts from back to front,
`negatives` what is no face. Each part has a module: `head`, `eyes`, `eyewear`, `noses`, `mouths`,
`beards`, `ears`, `hair`, `headwear`, `blemishes`, `hands`, `body`; `profile`, `profile_features` and
`profile_head` for heads from the side; `brush` and `painting` for painted faces. `pen` paints
shapes in a `style`, `shading` adds shadows, `svg` renders, `sprites` makes the sprite.

Lengths are in units of a canvas of 256 x 256. All choices come from a seeded generator. So the order
of random choices must stay: a draw more or fewer changes every picture that has one after it.

The ranges, weights and shapes were chosen by eye over contact sheets. They trade variety against
drawings that no person would take for a face. None comes from shared/corpus or was fitted to it.
"""
