// Runs asynchronous work with a limit.

/** Calls `work` with each item. At most `limit` calls run at a time. */
export async function inParallel(items, limit, work) {
  const waiting = [...items];
  const worker = async () => {
    while (waiting.length) await work(waiting.shift());
  };
  await Promise.all(Array.from({ length: limit }, worker));
}
