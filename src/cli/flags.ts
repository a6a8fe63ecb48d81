/** The flags of one call, already checked against the table. */
export class Flags {
  readonly #values: ReadonlyMap<string, readonly string[] | true>

  constructor(values: ReadonlyMap<string, readonly string[] | true>) {
    this.#values = values
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }

  texts(name: string): readonly string[] {
    const value = this.#values.get(name)
    return Array.isArray(value) ? value : []
  }

  text(name: string): string | undefined {
    return this.texts(name).at(-1)
  }

  integer(name: string): number | undefined {
    const text = this.text(name)
    return text === undefined ? undefined : Number(text)
  }
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** `fields` without those that are `undefined`, so that what was not said is not passed on. */
export function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>
}
