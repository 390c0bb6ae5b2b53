// Keys of the editor. A cursor on the picture does what the mouse does.

/** Steps of the cursor as shares of the picture's longer side: with Shift, it is moved finely. Chosen by hand. */
const STEP = { coarse: 0.03, fine: 0.004 };
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const ZOOM = 1.5;

/** Makes the keys work while the stage has the focus and the editor is on. */
export function useKeys(stage, editor, { width, height, isOn, marks, asBox }) {
  let cursor = null; // shown once an arrow key is pressed
  let corner = null; // the first corner of a box

  const draw = () => {
    marks.drawCursor(cursor);
    marks.drawBox(corner && cursor ? asBox(corner, cursor) : null);
  };

  const move = ([across, down], isFine) => {
    cursor ??= { x: width / 2, y: height / 2 };
    const step = Math.max(width, height) * (isFine ? STEP.fine : STEP.coarse);
    cursor = {
      x: Math.min(width - 1, Math.max(0, cursor.x + across * step)),
      y: Math.min(height - 1, Math.max(0, cursor.y + down * step)),
    };
    draw();
  };

  const finish = () => {
    const from = corner;
    corner = null;
    editor.box(from, cursor);
    draw();
  };

  /** Returns what the key does, or null. */
  function action(event) {
    const isCommand = event.ctrlKey || event.metaKey;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (isCommand && key === "z") return event.shiftKey ? editor.redo : editor.undo;
    if (isCommand && key === "y") return editor.redo;
    if (isCommand) return null;
    if (ARROWS[key]) return () => move(ARROWS[key], event.shiftKey);
    switch (key) {
      case "Enter":
        return cursor && (() => (corner ? finish() : editor.click(cursor, { isMinus: event.altKey })));
      case "b":
        return cursor && (() => { corner = { ...cursor }; draw(); });
      case "Delete":
      case "Backspace":
        return editor.remove;
      case "Escape":
        if (corner) return () => { corner = null; draw(); };
        return editor.state().selected ? editor.deselect : editor.toggle;
      case "+":
      case "=":
        return () => editor.zoom.by(ZOOM);
      case "-":
        return () => editor.zoom.by(1 / ZOOM);
      case "0":
        return editor.zoom.fit;
      default:
        return null;
    }
  }

  stage.addEventListener("keydown", (event) => {
    const act = isOn() && !event.target.matches("input") ? action(event) : null;
    if (!act) return;
    event.preventDefault(); // arrow keys would show the next picture, Escape would close the dialog
    event.stopPropagation();
    act();
  });
  stage.addEventListener("blur", () => {
    corner = cursor = null;
    draw();
  });
}
