// Which results a person should look at first.

import { needsReview } from "../result/describe.js";

/** Whether a person should check the picture's result. That of an earlier run does not count. */
export const toCheck = (picture) => picture.isFinished && needsReview(picture.result()) && !picture.isChecked;

/** Returns the pictures in another order: those to check first, and of these those that are most probably wrong. */
export function checkFirst(pictures) {
  const doubtful = pictures.filter(toCheck).map((picture) => ({ picture, ...doubt(picture.result()) }));
  doubtful.sort((a, b) => a.certainty - b.certainty || b.reasons - a.reasons);
  return [...doubtful.map(({ picture }) => picture), ...pictures.filter((picture) => !toCheck(picture))];
}

/**
 * Returns the least certainty of all reasons to check a result, 0..1, and their number. Of a reason about an instance it
 * is the lower one of score and quality. Of places that may have been missed it is the probability that none is a face.
 */
function doubt({ instances, candidates = [], review }) {
  const known = new Map(instances.map((instance) => [instance.id, instance]));
  const missed = 1 - Math.max(0, ...candidates.map(({ score }) => score));
  const certainties = review.map(({ instance: id }) => {
    const instance = known.get(id);
    return instance ? Math.min(instance.score, instance.quality) : missed;
  });
  return { certainty: Math.min(...certainties), reasons: review.length };
}
