// Building pieces of the page. Text goes in as text: nothing here reads HTML.

export const byId = (id) => document.getElementById(id);

/** An element with properties, attributes (those with a dash or that are no property) and children. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Saves a blob as a file. */
export function save(blob, name) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

const sizes = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

/** 1536 as "1.5 kB". */
export function bytes(count) {
  const units = ["bytes", "kB", "MB", "GB"];
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(count, 1)) / 10));
  return `${sizes.format(count / 1024 ** step)} ${units[step]}`;
}
