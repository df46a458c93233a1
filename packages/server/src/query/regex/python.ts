import { type Flags, readFlags } from './flags.js'

/** A pattern in the dialects of the two engines, meaning the same in both. */
export interface Translation {
  readonly re2: string
  readonly postgres: string
}

/** What is wrong with a pattern, and where: `at` counts UTF-16 units from 0. */
export class PatternError extends Error {
  readonly at: number

  constructor(message: string, at: number) {
    super(message)
    this.at = at
  }
}

/** PostgreSQL's limit, and enough. */
const MAX_REPEAT = 255

/** The classes of Python's `str` patterns as both engines can say them, and what stands in brackets. */
const classes: Readonly<Record<string, { readonly re2: string; readonly postgres: string }>> = {
  d: { re2: '\\p{Nd}', postgres: '[:digit:]' },
  w: { re2: '\\p{L}\\p{Nd}_', postgres: '[:alnum:]_' },
  s: { re2: '\\s\\x0b\\x1c-\\x1f\\x85\\p{Z}', postgres: '[:space:]' },
}
const control: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v' }
const WORD = '[0-9A-Za-z_]'
const boundaries: Readonly<Record<string, Translation>> = {
  b: { re2: '\\b', postgres: `(?:(?<=${WORD})(?!${WORD})|(?<!${WORD})(?=${WORD}))` },
  B: { re2: '\\B', postgres: `(?:(?<=${WORD})(?=${WORD})|(?<!${WORD})(?!${WORD}))` },
}
const start = both('\\A')
const end: Translation = { re2: '\\z', postgres: '\\Z' }

/**
 * Reads a pattern in Python's dialect (https://docs.python.org/3/library/re.html) piece by piece and writes
 * each piece for RE2 and for PostgreSQL's advanced expressions, whose `.`, `$`, `\b`, classes and flags differ.
 * What cannot be searched for in linear time, or not in both engines alike, is refused with a reason:
 * back-references, look-around, possessive and atomic groups, verbose patterns.
 *
 * @throws PatternError
 */
export function translate(pattern: string): Translation {
  return new Translator(pattern).run()
}

type Piece = 'atom' | 'assertion' | 'repeat' | 'none'

class Translator {
  readonly #pattern: string
  #at = 0
  #re2 = ''
  #postgres = ''
  #flags: Flags = { multiline: false, dotAll: false }
  /** Where the open groups start. */
  readonly #groups: number[] = []
  #last: Piece = 'none'

  constructor(pattern: string) {
    this.#pattern = pattern
  }

  run(): Translation {
    const { flags, length } = readFlags(this.#pattern)
    this.#flags = flags
    this.#at = length
    while (this.#at < this.#pattern.length) this.#piece()
    const open = this.#groups.at(-1)
    if (open !== undefined) throw new PatternError('a parenthesis is never closed', open)
    return { re2: this.#re2, postgres: this.#postgres }
  }

  #piece(): void {
    const char = this.#next()
    const simple = this.#simple(char)
    if (simple !== undefined) this.#emit(...simple)
    else if (char === '\\') this.#escape()
    else if (char === '[') this.#brackets()
    else if (char === '(') this.#group()
    else if (char === ')') this.#closeGroup()
    else if (char === '{') this.#braces()
    else if (char === '*' || char === '+' || char === '?') this.#repeat(char)
    else this.#literal(char)
  }

  /** Signs that stand for themselves alone. */
  #simple(char: string): [Piece, Translation] | undefined {
    const { multiline, dotAll } = this.#flags
    switch (char) {
      case '|':
        return ['none', both('|')]
      case '.':
        return ['atom', dotAll ? { re2: '(?s:.)', postgres: '.' } : both('[^\\n]')]
      case '^':
        return ['assertion', multiline ? { re2: '(?m:^)', postgres: '(?:\\A|(?<=\\n))' } : start]
      case '$':
        // Python's `$` also stands before a line break at the very end.
        if (!multiline) return ['assertion', { re2: '(?:\\n?\\z)', postgres: '(?:\\n?\\Z)' }]
        return ['assertion', { re2: '(?m:$)', postgres: '(?:\\Z|(?=\\n))' }]
      default:
        return undefined
    }
  }

  #closeGroup(): void {
    if (this.#groups.pop() === undefined) throw this.#error('a parenthesis is closed that was never opened')
    this.#emit('atom', both(')'))
  }

  #next(): string {
    const char = String.fromCodePoint(this.#pattern.codePointAt(this.#at) ?? 0)
    this.#at += char.length
    return char
  }

  #emit(piece: Piece, { re2, postgres }: Translation): void {
    this.#re2 += re2
    this.#postgres += postgres
    this.#last = piece
  }

  #literal(char: string): void {
    const text = quoteChar(char)
    this.#emit('atom', both(text))
  }

  #repeat(sign: string): void {
    if (this.#last !== 'atom')
      throw this.#error(this.#last === 'repeat' ? 'two repetitions in a row' : 'there is nothing to repeat')
    this.#emit('repeat', both(sign))
    const after = this.#pattern[this.#at]
    if (after === '+') throw this.#error('possessive repetitions are not supported')
    // Greedy or lazy makes no difference to whether something is found.
    if (after === '?') this.#at += 1
  }

  #braces(): void {
    const match = /^(\d*)(,?)(\d*)\}/.exec(this.#pattern.slice(this.#at))
    const [whole = '', low = '', comma = '', high = ''] = match ?? []
    // Braces without a number are just braces.
    if (match === null || low + high === '') {
      this.#literal('{')
      return
    }
    if (Number(low) > MAX_REPEAT || Number(high) > MAX_REPEAT)
      throw this.#error(`nothing can be repeated more than ${MAX_REPEAT} times`)
    if (high !== '' && Number(low) > Number(high))
      throw this.#error('the smaller number comes first in braces')
    this.#at += whole.length
    this.#repeat(`{${low === '' ? '0' : low}${comma}${high}}`)
  }

  #group(): void {
    const from = this.#at - 1
    const rest = this.#pattern.slice(this.#at)
    const comment = /^\?#[^)]*\)/.exec(rest)
    if (comment !== null) {
      this.#at += comment[0].length
      return
    }
    const opening = /^\?(?:[iau]*:|P<[\p{L}_][\p{L}\p{N}_]*>)/iu.exec(rest)
    if (opening === null && rest.startsWith('?')) throw new PatternError(groupFault(rest), from)
    this.#at += opening?.[0].length ?? 0
    this.#groups.push(from)
    this.#emit('none', both('(?:'))
  }

  #escape(): void {
    const from = this.#at - 1
    if (this.#at >= this.#pattern.length) throw new PatternError('a backslash stands at the end', from)
    const literal = this.#escapedLiteral()
    if (literal === undefined) this.#emit(...this.#special(from))
    else this.#literal(literal)
  }

  /** What an escape of a letter or digit means. */
  #special(from: number): [Piece, Translation] {
    const char = this.#next()
    const name = char.toLowerCase()
    const found = Object.hasOwn(classes, name) ? classes[name] : undefined
    if (found !== undefined) {
      const open = char === name ? '[' : '[^'
      return ['atom', { re2: `${open}${found.re2}]`, postgres: `${open}${found.postgres}]` }]
    }
    const boundary = Object.hasOwn(boundaries, char) ? boundaries[char] : undefined
    if (boundary !== undefined) return ['assertion', boundary]
    // Clients send queries in lower case: their `\\A` arrives as `\\a`, and nobody looks for Python's bell.
    if (name === 'a') return ['assertion', start]
    if (name === 'z') return ['assertion', end]
    throw new PatternError(
      /[1-9]/.test(char) ? 'back-references are not supported' : `the escape \\${char} is not known`,
      from,
    )
  }

  /** The character that an escape stands for, read; undefined, and nothing read, for the other escapes. */
  #escapedLiteral(): string | undefined {
    const rest = this.#pattern.slice(this.#at)
    const hex = /^(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))/.exec(rest.replace(/[A-F]/g, lower))
    if (hex !== null) {
      const code = Number.parseInt(hex[1] ?? hex[2] ?? hex[3] ?? '', 16)
      if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        throw this.#error('this escape names no character')
      this.#at += hex[0].length
      return String.fromCodePoint(code)
    }
    const char = String.fromCodePoint(rest.codePointAt(0) ?? 0)
    const named = Object.hasOwn(control, char) ? control[char] : undefined
    if (named === undefined && /[0-9A-Za-z]/.test(char)) return undefined
    this.#at += char.length
    return named ?? char
  }

  #brackets(): void {
    const from = this.#at - 1
    const negated = this.#pattern[this.#at] === '^'
    if (negated) this.#at += 1
    let re2 = ''
    let postgres = ''
    for (let first = true; first || this.#pattern[this.#at] !== ']'; first = false) {
      if (this.#at >= this.#pattern.length) throw new PatternError('a bracket is never closed', from)
      const item = this.#bracketItem(from)
      if (typeof item === 'object') {
        re2 += item.re2
        postgres += item.postgres
        continue
      }
      const range = this.#rangeEnd(item, from)
      re2 += range
      postgres += range
    }
    this.#at += 1
    const open = negated ? '[^' : '['
    this.#emit('atom', { re2: `${open}${re2}]`, postgres: `${open}${postgres}]` })
  }

  /** One character, or a class such as `\d`. */
  #bracketItem(from: number): string | Translation {
    const char = this.#next()
    if (char !== '\\') return char
    if (this.#at >= this.#pattern.length) throw new PatternError('a bracket is never closed', from)
    if (this.#pattern[this.#at] === 'b') {
      this.#at += 1
      return '\b'
    }
    const literal = this.#escapedLiteral()
    if (literal !== undefined) return literal
    const escaped = this.#next()
    const found = Object.hasOwn(classes, escaped) ? classes[escaped] : undefined
    if (found !== undefined) return found
    throw this.#error(`the escape \\${escaped} cannot be used in brackets`)
  }

  /** A character of a bracket, or the range that starts with it. */
  #rangeEnd(low: string, from: number): string {
    const after = this.#pattern[this.#at + 1]
    if (this.#pattern[this.#at] !== '-' || after === ']' || after === undefined) return quoteChar(low)
    this.#at += 1
    const high = this.#bracketItem(from)
    if (typeof high !== 'string' || (high.codePointAt(0) ?? 0) < (low.codePointAt(0) ?? 0))
      throw this.#error('a range in brackets goes from a lower to a higher character')
    return `${quoteChar(low)}-${quoteChar(high)}`
  }

  #error(message: string): PatternError {
    return new PatternError(message, Math.max(0, this.#at - 1))
  }
}

function both(text: string): Translation {
  return { re2: text, postgres: text }
}

function lower(text: string): string {
  return text.toLowerCase()
}

/** A character as itself, in brackets and outside: both engines take a backslash before any ASCII sign. */
function quoteChar(char: string): string {
  return /[!-/:-@[-`{-~]/.test(char) ? `\\${char}` : char
}

function groupFault(rest: string): string {
  if (/^\?(?:[=!]|<[=!])/.test(rest)) return 'look-ahead and look-behind are not supported'
  if (/^\?P=/i.test(rest)) return 'back-references are not supported'
  if (rest.startsWith('?>')) return 'atomic groups are not supported'
  return 'this kind of group is not supported'
}
