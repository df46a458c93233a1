import { WaybillError } from '../errors.js'

/** Bounds on what is read; far above what a person writes, and low enough to be harmless. */
export const limits = {
  /** UTF-16 units of a whole query. */
  length: 65_536,
  /** Parentheses and NOTs within one another. */
  depth: 100,
  /** Comparisons in one query. */
  comparisons: 1000,
  /** Values in one query, those of lists included. */
  values: 5000,
} as const

/** An error in a query: the column is part of the message, because most clients show nothing else. */
export function queryError(message: string, column: number, cause?: unknown): WaybillError {
  return new WaybillError('bad_query', `${message} (at column ${column})`, {
    column,
    ...(cause === undefined ? {} : { cause }),
  })
}

const SPACE = /\s*/y
const WORD = /[^\s"'(),=<>!~.]+/y
const SYMBOL = /[=<>!~]+/y
const BARE_START = /[^\s"'(),=<>!~]/y

/**
 * Reads the pieces of a query one after the other. What a piece may be depends on where it stands (a value
 * may hold almost anything), so the parser says what it looks for; there is no separate list of tokens.
 */
export class Scanner {
  readonly text: string
  #at = 0

  constructor(text: string) {
    if (text.length > limits.length)
      throw queryError(
        `The query is too long: ${text.length} characters, at most ${limits.length}`,
        limits.length + 1,
      )
    // Neither database can hold these in a text, so a value with one could only fail there.
    const bad = text.search(/\0|\p{Surrogate}/u)
    if (bad >= 0) throw queryError('The query holds a character that no text can hold', bad + 1)
    this.text = text
    this.#skipSpace()
  }

  /** 1-based column of the next piece. */
  get column(): number {
    return this.#at + 1
  }

  atEnd(): boolean {
    return this.#at >= this.text.length
  }

  #skipSpace(): void {
    SPACE.lastIndex = this.#at
    SPACE.test(this.text)
    this.#at = SPACE.lastIndex
  }

  #peek(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    return pattern.exec(this.text)?.[0]
  }

  /** Reads `piece` if it comes next. */
  take(piece: string): boolean {
    if (!this.text.startsWith(piece, this.#at)) return false
    this.#at += piece.length
    this.#skipSpace()
    return true
  }

  /** The next word in lower case, left where it is; undefined when what comes is no word. */
  peekWord(): string | undefined {
    return this.#peek(WORD)?.toLowerCase()
  }

  /** Reads `keyword`, in any case, if it is the next word as a whole. */
  takeKeyword(keyword: string): boolean {
    const word = this.#peek(WORD)
    // `and.x` is an attribute with an odd name, not the keyword.
    if (word?.toLowerCase() !== keyword || this.text[this.#at + word.length] === '.') return false
    this.#at += word.length
    this.#skipSpace()
    return true
  }

  /** Reads a run of operator signs (`=`, `<>`, but also `==`); undefined when there is none. */
  takeSymbol(): string | undefined {
    const symbol = this.#peek(SYMBOL)
    if (symbol !== undefined) this.take(symbol)
    return symbol
  }

  /** Reads words and quoted texts joined by dots; undefined when none of them comes. */
  takePath(): string[] | undefined {
    const segments: string[] = []
    do {
      const quoted = this.#takeQuotes()
      const segment = quoted ?? this.#peek(WORD)
      if (segment === undefined) {
        if (segments.length === 0) return undefined
        throw queryError('A name is missing after the dot', this.column)
      }
      if (quoted === undefined) this.#at += segment.length
      segments.push(segment.toLowerCase())
    } while (this.#dot())
    this.#skipSpace()
    return segments
  }

  #dot(): boolean {
    if (this.text[this.#at] !== '.') return false
    this.#at += 1
    return true
  }

  /** Reads a text in quotes; undefined when none comes. White space and an end of value must follow it. */
  takeQuoted(): string | undefined {
    const text = this.#takeQuotes()
    if (text === undefined) return undefined
    if (!this.atEnd() && !/[\s),]/.test(this.text.charAt(this.#at)))
      throw queryError('Unexpected text right after a closing quote', this.column)
    this.#skipSpace()
    return text
  }

  /** In quotes a backslash is just a backslash, and the quote itself is written twice. */
  #takeQuotes(): string | undefined {
    const quote = this.text[this.#at]
    if (quote !== '"' && quote !== "'") return undefined
    let text = ''
    let from = this.#at + 1
    for (;;) {
      const end = this.text.indexOf(quote, from)
      if (end < 0) throw queryError(`The quote ${quote} is never closed`, this.column)
      text += this.text.slice(from, end)
      if (this.text[end + 1] !== quote) {
        this.#at = end + 1
        return text
      }
      text += quote
      from = end + 2
    }
  }

  /**
   * Reads a value without quotes: up to white space, a parenthesis that was not opened within it, or, in a
   * list, a comma. Undefined when none comes.
   */
  takeBare(inList: boolean): string | undefined {
    // A balanced pair of parentheses belongs to the value: `name=copy(2).mov`.
    if (this.#peek(BARE_START) === undefined) return undefined
    let depth = 0
    let end = this.#at
    for (; end < this.text.length; end += 1) {
      const char = this.text.charAt(end)
      if (/\s/.test(char)) break
      if (char === ')' && depth === 0) break
      if (char === ',' && inList && depth === 0) break
      if (char === '(') depth += 1
      if (char === ')') depth -= 1
    }
    const value = this.text.slice(this.#at, end)
    if (depth > 0)
      throw queryError('A parenthesis in this value is never closed; put the value in quotes', this.column)
    this.take(value)
    return value
  }

  /** What comes next, for a message. */
  describeNext(): string {
    if (this.atEnd()) return 'the end'
    const rest = this.text.slice(this.#at)
    return JSON.stringify(/^([^\s"'(),=<>!~]+|[=<>!~]+|.)/su.exec(rest)?.[0].slice(0, 40) ?? '')
  }
}
