"""A generator of drawn faces: SVG with a second rendering that gives the exact label.

Start with `figures`, the sources of sprites. `heads` draws a head's parts from back to front,
`negatives` what is no face. Each part has a module: `head`, `eyes`, `eyewear`, `noses`, `mouths`,
`beards`, `ears`, `hair`, `headwear`, `blemishes`, `hands`, `body`; `profile`, `profile_head` and
`profile_features` for heads from the side; `brush` and `painting` for painted faces. `pen` paints
shapes in a `style`, `shading` adds shadows, `svg` renders, `sprites` makes the sprite.

Lengths are in units of a canvas of 256 x 256. All choices come from one seeded generator. So a
random draw more or fewer changes every picture that draws after it.

The ranges, weights and shapes were chosen by eye over contact sheets. They trade variety against
drawings that no person would take for a face. None comes
from the drawings of tools/evaluation/art, and none was fitted to them.
"""
