// @ts-check

/** What is sent over the line. Bytes and seconds. */
export const usualSizes = {
  file: 2e9,
  single: 500e6,
  tree: { files: 5000, size: 100_000 },
  small: { files: 10_000, size: 4096 },
  iperfSeconds: 20,
  neighbourSeconds: 30,
  limit: 60,
}

/** To try the benchmark: not for figures. @type {typeof usualSizes} */
export const quickSizes = {
  file: 50e6,
  single: 20e6,
  tree: { files: 100, size: 100_000 },
  small: { files: 300, size: 4096 },
  iperfSeconds: 4,
  neighbourSeconds: 4,
  limit: 8,
}

/** @typedef {typeof usualSizes} Sizes */
