// Writes avatars of the styles that judge the networks to stdout, one JSON object a line: {"kind", "svg"}.
// Skin has the colour SKIN, which the reader replaces. Beards and sunglasses are left out: they
// cover the face, and then its pixels are not known.
import { createAvatar } from "@dicebear/core";

const SKIN = process.argv[2];
const COUNT = Number(process.argv[3]);

const STYLES = {
  "big-ears": {},
  dylan: { facialHairProbability: 0 },
  miniavs: { mustacheProbability: 0, glassesProbability: 0, head: ["normal"] },
  personas: { facialHairProbability: 0, eyes: ["open", "sleep", "wink", "happy"] },
  "toon-head": { beardProbability: 0 },
};
for (const [kind, options] of Object.entries(STYLES)) {
  const style = await import(`@dicebear/${kind}`);
  for (let i = 0; i < COUNT; i++) {
    const all = { seed: `unseen-${i}`, skinColor: [SKIN], backgroundColor: ["transparent"], ...options };
    process.stdout.write(`${JSON.stringify({ kind, svg: createAvatar(style, all).toString() })}\n`);
  }
}
