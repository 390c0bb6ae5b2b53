// The corrections of a picture: its prompts after each, with undo and redo.

/** Corrections that can be undone. Chosen by hand: a prompt has some kilobytes, and a picture many. */
const MOST_UNDONE = 100;

export class Edits {
  /** `prompts` are those of the result, `candidates` those of what scored too little to be in it. */
  constructor(prompts, candidates) {
    Object.assign(this, { current: prompts, candidates, past: [], future: [] });
  }

  /** Whether a person has corrected the result. */
  get isEdited() {
    return this.past.length > 0;
  }

  /** Makes these the current prompts. The earlier ones can be had back. */
  apply(prompts) {
    this.past.push(this.current);
    if (this.past.length > MOST_UNDONE) this.past.shift();
    this.current = prompts;
    this.future = [];
  }

  /** The service has named the new instances of the current prompts. */
  settle(prompts) {
    this.current = prompts;
  }

  undo() {
    if (!this.past.length) return false;
    this.future.push(this.current);
    this.current = this.past.pop();
    return true;
  }

  redo() {
    if (!this.future.length) return false;
    this.past.push(this.current);
    this.current = this.future.pop();
    return true;
  }

  /** Everything that was found at first, and all that is there now: what a threshold selects from. */
  get pool() {
    const first = this.past[0] ?? this.current;
    const known = new Map([...this.candidates, ...first, ...this.current].map((prompt) => [placeOf(prompt), prompt]));
    return [...known.values()];
  }
}

/** A key for the place of a prompt. */
const placeOf = ({ label, polygon, box }) => JSON.stringify([label, polygon?.[0] ?? box]);

/** Returns the prompt with an id that no other has. */
export function renamed(prompt, others) {
  const numbers = others.filter(({ id, label }) => id && label === prompt.label).map(({ id }) => Number(id.split("-")[1]));
  return { ...prompt, id: `${prompt.label}-${Math.max(0, ...numbers) + 1}` };
}
