/** Where a request came from. */
export interface Origin {
  readonly ip: string | null
  readonly requestId: string | null
}
