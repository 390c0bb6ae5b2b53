"""A generator of drawn faces: SVG with a second rendering that gives the exact label.

Start with `figures`, which chooses a figure's parts and draws them from back to front. Each part
has a module: `head`, `profile`, `eyes`, `eyewear`, `noses`, `mouths`, `beards`, `ears`, `hair`,
`headwear`, `hands`, `body`. `style` says how shapes are painted, `svg` renders.

Lengths are in units of a canvas of 256 x 256. All choices come from a seeded generator.
"""
