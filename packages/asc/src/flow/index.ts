export { Flow, type FlowOptions, type FlowOutput, type FlowSealer, type FlowStats } from './flow.js'
export { flowIdBytes, largestDatagram, smallestDatagram, tagBytes } from './limits.js'
export type { FlowStream } from './packet.js'
