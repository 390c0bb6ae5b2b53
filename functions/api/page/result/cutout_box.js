// The part of a picture that a cutout shows. Boxes are [x0, y0, x1, y1] in pixels, x1 and y1 exclusive.

/** Longest side of a square cutout, in pixels: _MOST_SQUARE in shared/schemas/drawing.py. */
const MOST_SQUARE = 7_000;

/**
 * Returns the box of the cutout of masks in these boxes, as Drawing.cutout_box in shared/schemas/drawing.py. Without
 * masks it is that of the picture.
 */
export function cutoutBox(drawing, boxes, { width, height }) {
  const image = [0, 0, width, height];
  const bounds = enclosing(boxes);
  const { cutout = "canvas", cutout_padding: padding, mask_feather: feather } = drawing ?? {};
  if (cutout === "canvas" || !bounds) return image;
  const longer = Math.max(bounds[2] - bounds[0], bounds[3] - bounds[1]);
  const margin = pixels(padding, longer) + Number(feather);
  const padded = [
    Math.floor(bounds[0] - margin), Math.floor(bounds[1] - margin),
    Math.ceil(bounds[2] + margin), Math.ceil(bounds[3] + margin),
  ];
  const [across, down] = [padded[2] - padded[0], padded[3] - padded[1]];
  const side = Math.max(across, down);
  if (cutout === "box" || side > MOST_SQUARE) {
    return [Math.max(padded[0], 0), Math.max(padded[1], 0), Math.min(padded[2], width), Math.min(padded[3], height)];
  }
  const [x0, y0] = [padded[0] - Math.floor((side - across) / 2), padded[1] - Math.floor((side - down) / 2)];
  return [x0, y0, x0 + side, y0 + side];
}

function enclosing(boxes) {
  if (!boxes.length) return null;
  const edge = (index, choose) => choose(...boxes.map((box) => box[index]));
  return [edge(0, Math.min), edge(1, Math.min), edge(2, Math.max), edge(3, Math.max)];
}

function pixels(amount, length) {
  const value = Number.parseFloat(amount);
  return amount.endsWith("%") ? (value * length) / 100 : value;
}
