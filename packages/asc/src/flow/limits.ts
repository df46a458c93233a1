/** First bytes of each datagram: they name the flow. */
export const flowIdBytes = 8
/** Flow and number of the packet, in clear and authenticated. */
export const packetHead = flowIdBytes + 4
/** What sealing adds. */
export const tagBytes = 16
/** In front of a piece of a stream. */
export const pieceHead = 1 + 6 + 2
/** Ranges of packet numbers that one acknowledgement lists. */
export const ackRanges = 32
/** The smallest datagram that a flow works with; every path of IPv6 takes it. */
export const smallestDatagram = 1232
export const largestDatagram = 1472

/** What a peer may write ahead of what was consumed; bytes. */
export const windows = { control: 4 * 1024 * 1024, data: 40 * 1024 * 1024 }

/** What one side holds beyond what a peer that keeps its promises lets it have under way; bytes. */
export const ahead = 1024 * 1024

/** Packets that may lie between the oldest one under way and the newest: no line is that long. */
export const mostSpan = 128 * 1024

/** Bytes that are handed over to be sent at a time: what the kernel cuts up in one call. */
export const batchBytes = 64_000
