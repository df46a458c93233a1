export { Flow, type FlowOptions, type FlowOutput, type FlowSealer } from './flow.js'
export { batchBytes, flowIdBytes, largestDatagram, smallestDatagram, tagBytes } from './limits.js'
export type { FlowStream } from './packet.js'
export type { FlowStats } from './stats.js'
