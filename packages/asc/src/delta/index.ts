export { BlockIndex, blockRun } from './block-index.js'
export { type BlockSizes, blockEnd, blockSizes, maxBasis } from './cutter.js'
export * from './patch.js'
