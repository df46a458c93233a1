// @ts-check

/**
 * A host that programs run on: this one, or one at the end of a line.
 * @typedef {object} Host
 * @property {string} address
 * @property {readonly string[]} command what stands before a command so that it runs there
 */

/** This machine, over loopback. @type {Host} */
export const loopback = Object.freeze({ address: '127.0.0.1', command: [] })

/**
 * A command and its arguments, to run on a host.
 * @param {Host} host
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {[string, string[]]}
 */
export function onHost(host, command, args) {
  const [first = command, ...rest] = [...host.command, command, ...args]
  return [first, rest]
}
