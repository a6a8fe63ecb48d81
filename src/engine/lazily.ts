/** Something that is made when it is first asked for. */
export interface Once<V> {
  (): Promise<V>
  isBegun(): boolean
  /** The value, where it is there already. */
  value(): V | undefined
}

/** Makes something when it is first asked for, and the same for all who ask. */
export function once<V>(make: () => Promise<V>): Once<V> {
  let made: Promise<V> | undefined
  let value: V | undefined
  const get = (): Promise<V> => {
    made ??= make().then((found) => {
      value = found
      return found
    })
    return made
  }
  return Object.assign(get, { isBegun: () => made !== undefined, value: () => value })
}
