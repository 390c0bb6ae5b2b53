// Writes avatars to stdout, one JSON object a line: {"kind", "svg", "truth", "bearded", "haired"}. Skin
// has the colour SKIN, which the reader replaces. "truth" is the same avatar without glasses and beard,
// which cover the face, and without other skin, where a package can leave it out. Where "haired" is
// true, all hair has the colour HAIR and nothing else has it.
import { createRequire } from "node:module";
import { createAvatar } from "@dicebear/core";
import { schema as openPeeps } from "@dicebear/open-peeps";
import { faceToSvgString, generate } from "facesjs";

const require = createRequire(import.meta.url);
const React = require("react");
const { renderToStaticMarkup } = require("react-dom/server");
const { BigHead, theme } = require("@bigheads/core");

const SKIN = process.argv[2];
const HAIR = process.argv[3];
const seed = Number(process.argv[4]);

// mulberry32, because Math.random has no seed
let state = seed;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
Math.random = random; // facesjs draws from it
const pick = (values) => values[Math.floor(random() * values.length)];
const write = (kind, svg, truth, { bearded = false, haired = false } = {}) =>
  // beards have the colour of hair in some packages
  process.stdout.write(`${JSON.stringify({ kind, svg, truth, bearded, haired: haired && !bearded })}\n`);

const STYLES = {
  adventurer: { count: 350, options: { skinColor: [SKIN], hairColor: [HAIR], featuresProbability: 20, glassesProbability: 25 } },
  // masks over mouth or eyes leave no face to learn
  "big-smile": {
    count: 250,
    options: {
      skinColor: [SKIN],
      hairColor: [HAIR],
      accessories: ["catEars", "clownNose", "glasses", "mustache", "sailormoonCrown", "sunglasses"],
    },
  },
  micah: {
    count: 350,
    options: {
      baseColor: [SKIN], hairColor: [HAIR], facialHairProbability: 15, glassesProbability: 40,
      hair: ["fonze", "mrT", "dougFunny", "mrClean", "dannyPhantom", "full", "pixie"], // a turban is no hair
    },
  },
  "open-peeps": {
    count: 450,
    options: {
      skinColor: [SKIN], maskProbability: 0, facialHairProbability: 15, accessoriesProbability: 35,
      head: openPeeps.properties.head.default.filter((name) => name !== "bear"), // a costume in the colour of skin
      face: openPeeps.properties.face.default.filter((name) => !["cyclops", "monster"].includes(name)),
    },
  },
  lorelei: { count: 350, options: { skinColor: [SKIN], hairColor: [HAIR], beardProbability: 10, glassesProbability: 25 } },
  "pixel-art": { count: 120, options: { skinColor: [SKIN], hairColor: [HAIR], beardProbability: 0, glassesProbability: 30 } },
  notionists: { count: 400, options: { beardProbability: 15, glassesProbability: 30, gestureProbability: 0 } },
  croodles: { count: 250, options: { baseColor: [SKIN], beardProbability: 10 } },
  thumbs: { count: 100, options: { shapeColor: [SKIN] } },
};
const BEARDLESS = { beardProbability: 0, facialHairProbability: 0 };
const WITHOUT_GLASSES = { glassesProbability: 0 };
for (const [kind, { count, options }] of Object.entries(STYLES)) {
  const style = await import(`@dicebear/${kind}`);
  // glasses are accessories in some styles; in pixel-art accessories are earrings
  const bare = kind === "pixel-art" ? WITHOUT_GLASSES : { ...WITHOUT_GLASSES, accessoriesProbability: 0 };
  for (let i = 0; i < count; i++) {
    const draw = (changes) => {
      const all = { seed: `${seed}-${i}`, backgroundColor: ["transparent"], ...options, ...changes };
      const svg = createAvatar(style, all).toString();
      // the first white shape is the head; this style has no option for it
      return kind === "notionists" ? svg.replace('fill="#fff"/><path', `fill="#${SKIN}"/><path`) : svg;
    };
    const svg = draw({});
    const bearded = svg !== draw(BEARDLESS);
    write(kind, svg, draw({ ...BEARDLESS, ...bare }), { bearded, haired: options.hairColor !== undefined });
  }
}

// Styles without a head: the whole ground is the face.
const HEADLESS = {
  "adventurer-neutral": 40, "croodles-neutral": 60, "fun-emoji": 120, "lorelei-neutral": 60,
  "notionists-neutral": 60, "pixel-art-neutral": 20,
};
for (const [kind, count] of Object.entries(HEADLESS)) {
  const style = await import(`@dicebear/${kind}`);
  for (let i = 0; i < count; i++) {
    const options = { seed: `${seed}-${i}`, radius: i % 4 ? 50 : 20, backgroundColor: [SKIN] };
    const svg = createAvatar(style, options).toString();
    write(kind, svg, svg);
  }
}

for (let i = 0; i < 600; i++) {
  const face = generate(undefined, { gender: i % 3 ? "male" : "female" });
  face.body.color = `#${SKIN}`;
  face.hair.color = `#${HAIR}`;
  const head = structuredClone(face);
  head.body.id = head.ear.id = head.jersey.id = head.glasses.id = head.facialHair.id = "none";
  write("facesjs", faceToSvgString(face), faceToSvgString(head), {
    bearded: face.facialHair.id !== "none", haired: true,
  });
}

theme.colors.hair.brown = { base: `#${HAIR}`, shadow: `#${HAIR}` };
theme.colors.skin.light = { base: `#${SKIN}`, shadow: `#${SKIN}` };
for (let i = 0; i < 350; i++) {
  const look = {
    skinTone: "light", faceMask: false, mask: false,
    body: pick(["chest", "breasts"]),
    eyes: pick(["normal", "leftTwitch", "happy", "content", "squint", "simple", "dizzy", "wink", "heart"]),
    eyebrows: pick(["raised", "leftLowered", "serious", "angry", "concerned"]),
    mouth: pick(["grin", "sad", "openSmile", "lips", "open", "serious", "tongue"]),
    hair: pick(["none", "long", "bun", "short", "pixie", "balding", "buzz", "afro", "bob"]),
    facialHair: pick(["none", "none2", "none3", "stubble"]),
    clothing: pick(["naked", "shirt", "dressShirt", "vneck", "tankTop", "dress"]),
    accessory: pick(["none", "roundGlasses", "tinyGlasses", "shades"]),
    hat: pick(["none5", "none5", "none5", "beanie", "turban"]),
    hairColor: "brown",
    clothingColor: pick(["white", "blue", "black", "green", "red"]),
    lipColor: pick(["red", "purple", "pink", "turqoise", "green"]),
    lashes: random() < 0.4,
  };
  const draw = (changes) => {
    const page = renderToStaticMarkup(React.createElement(BigHead, { ...look, ...changes }));
    return page.slice(page.indexOf("<svg")).replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"');
  };
  // stubble has the colour of hair
  const haired = look.facialHair !== "stubble";
  write("bigheads", draw({}), draw({ accessory: "none" }), { haired });
}
