/** 24 hex digits that grow with time: 8 of seconds, 6 of a counter, 10 of randomness. */
export type EntityId = string

const ENTITY_ID = /^[0-9a-f]{24}$/
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

let lastSecond = 0
let counter = 0

/**
 * A new entity id. Ids of one process are strictly increasing, even when the clock steps back, so the
 * primary key is also the order of creation and the cursor of a page.
 */
export function newId(now: number = Date.now()): EntityId {
  const second = Math.floor(now / 1000)
  if (second > lastSecond) {
    lastSecond = second
    counter = 0
  } else {
    counter += 1
    if (counter > 0xffffff) {
      lastSecond += 1
      counter = 0
    }
  }
  const random = crypto.getRandomValues(new Uint8Array(5))
  return hex(lastSecond, 8) + hex(counter, 6) + Array.from(random, (byte) => hex(byte, 2)).join('')
}

/** A new UUID, the id of tasks and of files in collections. */
export function newUuid(): string {
  return crypto.randomUUID()
}

export function isEntityId(value: unknown): value is EntityId {
  return typeof value === 'string' && ENTITY_ID.test(value)
}

export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value)
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}
