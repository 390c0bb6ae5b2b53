// Zoom and pan of the stage: a transformation of the sheet that lies on it.

/** Largest scale. Chosen by hand: a pixel of a picture is then large enough for a finger. */
const MOST = 16;

/**
 * Returns the zoom of a sheet on its stage. The sheet always covers the stage.
 *   by(factor, x, y)  zooms; the point (x, y) of the window stays where it is: by default the stage's middle
 *   pan(dx, dy)       moves the sheet by pixels of the window
 *   fit()             shows the whole picture
 *   scale()           returns the scale, 1 or more
 */
export function zoomOf(stage, sheet) {
  let [scale, left, top] = [1, 0, 0];

  const apply = () => {
    const { clientWidth: width, clientHeight: height } = stage;
    left = Math.min(0, Math.max(width * (1 - scale), left));
    top = Math.min(0, Math.max(height * (1 - scale), top));
    sheet.style.transform = scale === 1 ? "" : `translate(${left}px, ${top}px) scale(${scale})`;
    stage.style.setProperty("--scale", scale);
    stage.classList.toggle("zoomed", scale > 1);
  };

  return {
    by(factor, x, y) {
      const bounds = stage.getBoundingClientRect();
      const [across, down] = [(x ?? bounds.left + bounds.width / 2) - bounds.left, (y ?? bounds.top + bounds.height / 2) - bounds.top];
      const next = Math.min(MOST, Math.max(1, scale * factor));
      left = across - (across - left) * (next / scale);
      top = down - (down - top) * (next / scale);
      scale = next;
      apply();
    },
    pan(dx, dy) {
      left += dx;
      top += dy;
      apply();
    },
    fit() {
      scale = 1;
      apply();
    },
    scale: () => scale,
  };
}
