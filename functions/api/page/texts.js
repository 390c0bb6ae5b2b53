// Every text of the page that this project writes. The sentences of errors and reviews come from the API.

const number = (value) => value.toLocaleString("en");
const plural = (count, one, many) => `${number(count)} ${count === 1 ? one : many}`;
const percent = (share) => `${Math.round(share * 100)}%`;
/** Returns "3 px" for "3", and "5%" for itself. */
const length = (text) => (text.endsWith("%") ? text : `${text} px`);
const list = new Intl.ListFormat("en");
const sizes = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

const dates = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Returns "1.5 kB" for 1536. */
export function bytes(count) {
  const units = ["bytes", "kB", "MB", "GB"];
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(count, 1)) / 10));
  return `${sizes.format(count / 1024 ** step)} ${units[step]}`;
}

/** The states of pictures and of uploads. */
const states = {
  waiting: "Queued",
  working: "Finding faces…",
  segmented: "Done",
  degraded: "Degraded",
  empty: "Nothing found",
  rejected: "Rejected",
  failed: "Failed",
};

export const texts = {
  states,
  percent,

  header: {
    views: "Views",
    pictures: "Pictures",
    bucket: "Uploads",
  },

  add: {
    title: "Cut faces out of pictures",
    choose: "Choose pictures",
    more: "Add pictures",
    drop: "or drop or paste files and folders here",
    formats: "PNG, JPEG, WebP, AVIF, GIF, BMP, TIFF",
    limits: (maxBytes, maxPixels) => `; at most ${bytes(maxBytes)} and ${number(maxPixels / 1e6)} megapixels each`,
  },

  examples: {
    title: "No picture at hand? Try an example:",
    pictures: [
      { file: "micah_01.png", label: "A drawing of a person with light hair" },
      { file: "scene_22.png", label: "A drawing with several faces" },
      { file: "openPeeps_01.png", label: "A drawing of a person with braids" },
      { file: "astronaut.jpg", label: "A photograph of an astronaut" },
    ],
    attribution:
      "Drawings: Micah by Micah Lanier (CC BY 4.0), Open Peeps by Pablo Stanley (CC0), and a scene of avatars by Lisa Wischofsky, Micah Lanier, Pablo Stanley and Ashley Seo. Photograph: NASA.",
    failed: "The example could not be loaded.",
  },

  options: {
    title: "Options",
    label: "Options of the detection",
    find: "Find",
    face: "Faces",
    hand: "Hands",
    parts: "Faces with",
    hair: "Hair",
    beard: "Beard",
    ears: "Ears",
    margin: "Search margin (affects the mask)",
    summary: (targets, parts, expand) =>
      `${list.format([...targets, ...parts.map((part) => `with ${part}`)])}, margin ${percent(expand)}`,
  },

  fields: {
    reset: "Reset",
    unchanged: "default",
    unit: (label) => `Unit of: ${label}`,
    pixels: (value) => length(String(value)),
  },

  choice: {
    title: "Which ones stay",
    minScore: "Least score",
    minSize: "Smallest size",
    most: "At most",
    order: "Of more than that",
    orders: { score: "the highest scores stay", size: "the largest stay" },
    scoring: (score) => `score of ${score.toFixed(2)} or more`,
    larger: (size) => `no smaller than ${length(size)}`,
    atMost: (count) => `at most ${number(count)}`,
    by: (order) => ({ score: "highest scores first", size: "largest first" })[order],
  },

  drawing: {
    title: "Mask and cutout",
    grow: "Grow masks",
    feather: "Soft edge",
    cutout: "Cutout",
    shapes: { canvas: "Full size", box: "Box", square: "Square" },
    padding: "Padding",
    grown: (grow) => (grow.startsWith("-") ? `shrunk by ${length(grow.slice(1))}` : `grown by ${length(grow)}`),
    feathered: (feather) => `soft edge of ${length(feather)}`,
    cropped: (shape, padding) => `cropped to a ${shape}${Number.parseFloat(padding) ? `, padding ${length(padding)}` : ""}`,
    busy: "Drawing…",
  },

  pictures: {
    list: "Your pictures",
    actions: "Actions for all pictures",
    filter: "Show",
    all: "All",
    order: "Order",
    orders: { added: "As added", check: "Check first" },
    rerun: "Run again with these options",
    zip: "Download all",
    zipSome: (count) => `Download ${number(count)} finished`,
    zipping: "Creating the archive…",
    dataset: "Export as dataset…",
    clear: "Clear",
    summary: (count, counts) =>
      `${plural(count, "picture", "pictures")}: ${counts.map(([label, of]) => `${number(of)} ${label.toLowerCase()}`).join(", ")}`,
    noneShown: "No picture matches this filter.",
    tooLarge: (size, limit) => `The file has ${bytes(size)}. The limit is ${bytes(limit)}.`,
    archiveFailed: (message) => `The archive could not be created: ${message}`,
    tooManyFiles: (limit) => `it would have more than ${number(limit)} files. Download the pictures in parts.`,
  },

  tile: {
    remove: (name) => `Remove ${name}`,
    cutout: (name) => `Download the cutout of ${name}`,
    noPreview: "No preview",
  },

  activity: {
    sending: "Sending…",
    processing: states.working,
    busy: "The service is busy. Trying again soon…",
    upload: "The upload is being processed.",
    loading: "Loading the result…",
    outdated: "This is the earlier result.",
    saved: "The correction is saved. The upload is being segmented with it.",
  },

  script: {
    title: "From a script",
    before: "The API is described in",
    after: ".",
  },

  dialog: {
    previous: "Previous picture",
    next: "Next picture",
    close: "Close",
    position: (index, count) => `${number(index)} of ${number(count)}`,
    tools: "Tools",
    check: "Mark as checked",
    checkKey: "Mark as checked (C)",
  },

  result: {
    review: "Check this",
    reasons: "Reasons to check this result",
    warnings: "Warnings",
    none: "Nothing was found.",
    segmenters: (names) => `All masks were created by ${list.format(names)}.`,
    details: "Details",
    size: "Size",
    pixels: (width, height) => `${number(width)} × ${number(height)} pixels`,
    time: "Time",
    seconds: (value) => `${value.toFixed(1)} seconds`,
    files: "More files",
    cutout: "Download cutout",
    file: {
      "mask.png": "Mask",
      "overlay.png": "Overlay",
      "cutout.png": "Cutout",
      "result.json": "Result as JSON",
    },
    download: (file, name) => `Download ${file} of ${name}`,
    annotations: { svg: "Outlines as SVG", labelme: "Outlines for LabelMe", coco: "Outlines as COCO" },
    dataset: "Export as dataset…",
    frame: "Frame",
    frameOf: (shown, count) => `${number(shown)} of ${number(count)}`,
  },

  exporting: {
    title: "Export as dataset",
    count: (all, without) =>
      `${plural(all, "picture", "pictures")}${without ? `, ${number(without)} of them without a face or hand` : ""}. What you have left out is not exported.`,
    format: "Format",
    formats: { coco: "COCO, polygons", "coco-rle": "COCO, masks as RLE", yolo: "YOLO", labelme: "LabelMe", svg: "SVG" },
    explanations: {
      coco: "JSON with the outlines of all pictures. Most training tools read it.",
      "coco-rle": "The same with masks instead of outlines.",
      yolo: "A text file for each picture, and data.yaml for Ultralytics YOLO.",
      labelme: "A JSON file beside each picture, to edit outlines in LabelMe.",
      svg: "A file for each picture, to edit outlines in a drawing program.",
    },
    split: "For training",
    images: "With the pictures",
    empty: "With pictures without a face or hand",
    submit: "Export",
    running: "Exporting…",
    cancel: "Cancel",
    tooLarge: (size, limit) =>
      `The masks have ${bytes(size)}. At most ${bytes(limit)} can be exported at a time: export the pictures in parts, or use make export.`,
  },

  instances: {
    caption: "Faces and hands",
    keep: "Keep",
    keepOne: (id) => `Keep ${id}`,
    found: "Found",
    name: ({ id, side }) => (side ? `${id} (${side})` : id),
    score: "Score",
    quality: "Quality",
    area: "Pixels",
    segmenter: "Segmenter",
    save: "Save",
    cutout: "Cutout",
    mask: "Mask",
    saveCutout: (id) => `Save the cutout of ${id}`,
    saveMask: (id) => `Save the mask of ${id}`,
    leftOut: (count) => `${plural(count, "instance is", "instances are")} left out of mask and cutout. The overlay shows all.`,
    different: "Cutouts of different sizes cannot be combined. Save them one by one.",
  },

  edit: {
    correct: "Correct",
    hint: "Click a missed face, or draw a box around it. Click a mask to change it.",
    refine: (id) => `${id}: a click adds, a right click (or Alt) takes away. Esc when it is right.`,
    busy: "Updating the mask…",
    save: "Save correction",
    label: "Kind of what is added",
    labels: { face: "Face", hand: "Hand" },
    sign: "What a click does",
    signs: { plus: "+ Add", minus: "− Take away" },
    remove: "Delete",
    done: "Done",
    undo: "Undo",
    redo: "Redo",
    threshold: "Least score",
    zoomIn: "Zoom in",
    zoomOut: "Zoom out",
    fit: "Fit",
    zoomFit: "Fit: show the whole picture",
  },

  stage: {
    view: (name) => `View of ${name}`,
    views: { cutout: "Cutout", overlay: "Overlay", mask: "Mask", original: "Original" },
    ground: (name) => `Background of ${name}`,
    grounds: { checker: "Checkerboard", white: "White", black: "Black" },
    compare: "Compare",
    divide: (name) => `Visible part of the original of ${name}`,
    image: (name, view) => `${name}, ${view}`,
    noOriginal: "This browser cannot display the original.",
  },

  files: {
    pasted: "pasted.png",
    reading: "Reading the folder…",
    unreadable: (message) => `Some files cannot be read: ${message}`,
    tooMany: (limit) =>
      limit > 0
        ? `There are more than the ${number(limit)} files that can be added now, so none was added. Add fewer files, or use a script (below).`
        : "The list is full. Download the results and clear the list, or use a script (below).",
    none: "No pictures found.",
    added: (count, ignored) =>
      `${number(count)} added. ${ignored === 1 ? "1 file was ignored, because it is not a picture" : `${number(ignored)} files were ignored, because they are not pictures`}.`,
  },

  bucket: {
    title: "Uploads",
    choose: "Upload",
    drop: "or drop files and folders here. They go to",
    folder: "Folder",
    recent: "Your uploads",
    list: "Uploads",
    path: "Path to this folder",
    top: "All folders",
    folders: "Folders",
    contains: "Search in names",
    order: "Order",
    orders: { newest: "Newest first", name: "By name" },
    filter: "Show",
    all: "All",
    checked: "Checked",
    count: (count, isComplete) => (isComplete ? number(count) : `more than ${number(Math.max(count - 1, 0))}`),
    partial: "There are too many uploads here to read them all. The newest of the first ones by name are shown. Open a folder, or order by name.",
    export: "Export as dataset…",
    pages: "Pages",
    first: "First page",
    next: "Next page",
    terminal: "From a terminal",
    searching: "None found yet, still searching…",
    showing: (count, folders, hasMore) =>
      `Showing ${[folders && plural(folders, "folder", "folders"), (count || !folders) && plural(count, "upload", "uploads")].filter(Boolean).join(" and ")}${hasMore ? "; more available" : ""}.`,
    none: (isMatching, isFirst) => `No ${isFirst ? "" : "more "}${isMatching ? "matching " : ""}uploads${isFirst && !isMatching ? " yet" : ""}.`,
    skipped: "Skipped: an upload of this name exists already.",
    described: (size, updated) => `${bytes(size)} · ${dates.format(new Date(updated))}`,
  },

  selection: {
    title: "Actions for the selected uploads",
    all: "Select all",
    one: (name) => `Select ${name}`,
    count: (count) => `${number(count)} selected`,
    none: "Clear selection",
  },

  actions: {
    close: "Close this message",
    rerun: {
      label: "Process again",
      running: (count) => `Starting ${plural(count, "upload", "uploads")} again…`,
      done: (count) =>
        `${plural(count, "upload is", "uploads are")} processed again. Each result stays until the new one replaces it; corrections stay.`,
    },
    archive: {
      label: "Download",
      running: (count) => `Loading an archive of ${plural(count, "upload", "uploads")}…`,
      done: (count) => `The archive has the results of ${plural(count, "upload", "uploads")}.`,
      interrupted: "The download was interrupted. Check that you are online, or select fewer uploads.",
    },
    delete: {
      label: "Delete…",
      question: (count) => `Delete ${plural(count, "upload", "uploads")} with all results?`,
      more: (count) => `and ${number(count)} more`,
      explanation:
        "Corrections are deleted, too. This cannot be undone here. Cloud Storage may keep deleted objects for some days (soft delete), if the buckets are set so.",
      confirm: (count) => `Delete ${plural(count, "upload", "uploads")}`,
      cancel: "Cancel",
      running: (count) => `Deleting ${plural(count, "upload", "uploads")}…`,
      done: (count) => `${plural(count, "upload was", "uploads were")} deleted.`,
    },
    export: {
      what: (uri) => `All results in ${uri}, also in sub-folders; without those that failed or were rejected.`,
      interrupted: "The export was interrupted. Check that you are online, or export a folder with fewer uploads.",
    },
    outcomes: {
      superseded: "has a newer upload now. Nothing was done to it.",
      gone: "does not exist any more.",
      "no-result": "is not in the archive: it has no result yet.",
      failed: "failed.",
    },
  },

  exists: {
    title: "An upload of this name exists already",
    explanation:
      "If you replace it, the old file is lost and its result is created again. If you keep both, the name of the new file gets a number.",
    all: "Do the same for all others that exist already",
    both: "Keep both",
    skip: "Skip",
    replace: "Replace",
  },

  key: {
    title: "API key required",
    label: "API key",
    explanation: "The page stores the key until you close this tab.",
    submit: "Continue",
  },

  errors: {
    status: (status) => `The service responded with status ${status}.`,
    unreachable: "The service cannot be reached. Check that it is running and that you are online, then try again.",
    storageUnreachable: "The bucket cannot be reached. Check that you are online, then upload the file again.",
    storageStatus: (status) => `Cloud Storage responded with status ${status}. Upload the file again.`,
    existsNow:
      "An upload of this name was created in the meantime. It was not replaced. Upload the file again to choose what to do.",
  },
};
