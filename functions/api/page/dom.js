// Creates elements of the page. Text is inserted as text: this module never parses HTML.

export const byId = (id) => document.getElementById(id);

/** Returns an element. A name in `properties` that is no property of the element is an attribute. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/**
 * Milliseconds after which the address of a saved blob is revoked. Chosen by hand: the browser must
 * have started the download by then, and the blob stays in memory until then.
 */
const REVOKE_AFTER = 60_000;

/** Saves a blob as a file. */
export function save(blob, name) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), REVOKE_AFTER);
}

const sizes = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

/** Returns "1.5 kB" for 1536. */
export function bytes(count) {
  const units = ["bytes", "kB", "MB", "GB"];
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(count, 1)) / 10));
  return `${sizes.format(count / 1024 ** step)} ${units[step]}`;
}
