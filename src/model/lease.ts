/** A lease as one node took it. Its token grows whenever it is taken, so that who held it before cannot be mistaken for who holds it now. */
export interface Fence {
  readonly name: string
  readonly token: number
}

/** Which node does a piece of timed work, and since when (UTC). */
export interface Keeper {
  readonly node: string
  readonly since: string
}
