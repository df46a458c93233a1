/**
 * A number of 32 bits for each byte, as even as chance would have it. Made by splitmix32 from 1, so that a second
 * implementation can make it too.
 */
export const gear: Int32Array = make()

function make(): Int32Array {
  const table = new Int32Array(256)
  let state = 1
  for (let i = 0; i < table.length; i++) {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    table[i] = mixed ^ (mixed >>> 15)
  }
  return table
}
