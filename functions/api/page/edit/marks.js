// Marks on the picture while it is corrected: outlines, clicks, the box that is being drawn, the cursor.

const SVG = "http://www.w3.org/2000/svg";

function shape(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/** Returns the marks of a picture of this size: `element`, and functions that draw. */
export function marksOf(width, height) {
  const [outlines, clicks, drawing, cursor] = Array.from({ length: 4 }, () => shape("g", {}));
  const svg = shape("svg", { class: "marks", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  svg.append(outlines, clicks, drawing, cursor);
  const unit = Math.max(width, height) / 100;

  const rectangle = ([x0, y0, x1, y1], kind) => shape("rect", { class: kind, x: x0, y: y0, width: x1 - x0, height: y1 - y0 });
  const polygon = (points, kind) => shape("polygon", { class: kind, points: points.map((point) => point.join()).join(" ") });

  return {
    element: svg,
    /** Draws the instances' boxes, the selected one's clicks, and the candidates' outlines. */
    show({ instances, selected, candidates }) {
      outlines.replaceChildren(
        ...candidates.map(({ polygon: points }) => polygon(points, "candidate")),
        ...instances.map(({ id, box }) => rectangle(box, id === selected?.id ? "selected" : "instance")),
      );
      clicks.replaceChildren(...(selected?.clicks ?? []).map(([x, y, label]) =>
        shape("circle", { class: label ? "plus" : "minus", cx: x + 0.5, cy: y + 0.5, r: unit * 0.7 })));
    },
    /** Draws a box, or none. */
    drawBox: (box) => drawing.replaceChildren(...(box ? [rectangle(box, "drawn")] : [])),
    /** Draws the cursor of the keyboard at a point, or none. */
    drawCursor: (point) => cursor.replaceChildren(...(point ? [
      shape("line", { class: "cursor", x1: point.x - 2 * unit, x2: point.x + 2 * unit, y1: point.y, y2: point.y }),
      shape("line", { class: "cursor", x1: point.x, x2: point.x, y1: point.y - 2 * unit, y2: point.y + 2 * unit }),
    ] : [])),
  };
}
