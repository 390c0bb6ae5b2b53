// Masks of instances as COCO's run-length encoding: which instance is at a pixel.

/** Returns the instance whose mask has the pixel; null if none has. */
export function instanceAt(instances, x, y) {
  return instances.find(({ rle }) => rle && isSet(rle, Math.floor(x), Math.floor(y))) ?? null;
}

/**
 * Whether a mask has the pixel. Runs alternate between outside and inside, column by column. The format is
 * that of rleFrString in pycocotools' maskApi.c: five bits per character, the least significant first, the
 * sixth bit for "more follows", and from the fourth run on the difference to the run two places before.
 */
function isSet({ size: [height, width], counts }, x, y) {
  if (x < 0 || y < 0 || x >= width || y >= height) return false;
  const target = x * height + y;
  const runs = [];
  for (let index = 0, end = 0; index < counts.length; ) {
    let run = 0;
    let shift = 0;
    let bits;
    do {
      bits = counts.charCodeAt(index) - 48;
      run |= (bits & 0x1f) << shift;
      shift += 5;
      index += 1;
    } while (bits & 0x20);
    if (bits & 0x10 && shift < 32) run |= -1 << shift;
    if (runs.length > 2) run += runs[runs.length - 2];
    runs.push(run);
    end += run;
    if (target < end) return runs.length % 2 === 0;
  }
  return false;
}
