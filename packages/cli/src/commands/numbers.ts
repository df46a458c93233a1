import { InvalidArgumentError } from 'commander'

/** A parser of whole numbers within bounds, for options. */
export function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new InvalidArgumentError(`It is a whole number from ${min} to ${max}.`)
    return value
  }
}

export const port = whole(0, 65_535)
