// Doing much, but not all at once.

/** Does `work` with each item, with at most so many at a time. */
export async function inParallel(items, atATime, work) {
  const waiting = [...items];
  const line = async () => {
    while (waiting.length) await work(waiting.shift());
  };
  await Promise.all(Array.from({ length: atATime }, line));
}
