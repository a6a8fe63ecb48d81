import { canonical } from './canonical.ts'
import { HoldfastError, type Position } from './errors.ts'
import { type Path, printPath } from './path.ts'
import { SEAL } from './secret.ts'
import { equal, freeze, type Value } from './value.ts'

/** The value under one top-level name, with its canonical text; each is made from the other when first asked for. */
export class Doc {
  #value: Value | undefined
  #text: string | undefined
  #isPlain: boolean | undefined
  #positions: string | null
  #positionMap: Readonly<Record<string, readonly [number, number]>> | undefined

  private constructor(value: Value | undefined, text: string | undefined, positions: string | null) {
    this.#value = value
    this.#text = text
    this.#positions = positions
  }

  static of(value: Value, positions: string | null = null): Doc {
    return new Doc(value, undefined, positions)
  }

  /** `text` is canonical: it comes from the store. */
  static parse(text: string, positions: string | null = null): Doc {
    return new Doc(undefined, text, positions)
  }

  get value(): Value {
    if (this.#value === undefined) this.#value = freeze(parse(this.#text!))
    return this.#value
  }

  get text(): string {
    this.#text ??= canonical(this.#value!)
    return this.#text
  }

  /** True where a reader sees exactly what is stored: nothing encrypted, nothing that could be a reference. */
  get isPlain(): boolean {
    this.#isPlain ??= !this.text.includes(SEAL) && !this.text.includes('${')
    return this.#isPlain
  }

  /** JSON `{ path: [line, column] }`, as the store keeps it. */
  get positions(): string | null {
    return this.#positions
  }

  /** Takes over where the same keys stand in the source now: a moved line is no change of a value. */
  relocate(positions: string | null): void {
    this.#positions = positions
    this.#positionMap = undefined
  }

  positionOf(path: Path): Position | undefined {
    if (this.#positions === null) return undefined
    this.#positionMap ??= JSON.parse(this.#positions) as Readonly<Record<string, readonly [number, number]>>
    const name = printPath(path)
    const found = Object.hasOwn(this.#positionMap, name) ? this.#positionMap[name] : undefined
    return found && { line: found[0], column: found[1] }
  }

  /** True where both have the same value, and so the same text. */
  equals(other: Doc | undefined): boolean {
    if (other === undefined) return false
    if (this === other) return true
    if (this.#text !== undefined && other.#text !== undefined) return this.#text === other.#text
    return equal(this.value, other.value)
  }
}

/** Text of the store that is no JSON was not written by us. */
function parse(text: string): Value {
  try {
    return JSON.parse(text) as Value
  } catch {
    const message =
      'a document in the store is damaged: run "holdfast verify", which names the version, and restore a backup'
    throw new HoldfastError('store', message, { store: 'config_documents' })
  }
}
