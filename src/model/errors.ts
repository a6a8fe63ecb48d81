/** One finding of a validation. `path` is a printed path, `""` for the whole document; values of secrets never stand in it. */
export interface Issue {
  readonly path: string
  /** The rule that failed: a JSON Schema keyword (`type`, `maximum`, …), `unknown-key`, `shadowed`, `reference`, or the validator's own word. */
  readonly code: string
  readonly message: string
  /** The values that would be accepted, where they can be listed. */
  readonly allowed?: readonly unknown[]
  /** `file:line:column` of the value, where it comes from a source. */
  readonly source?: string
  /** The known key nearest to an unknown one. */
  readonly didYouMean?: string
}

/** Where in a text something stands: 1-based line and column, in UTF-16 units as editors count them. */
export interface Position {
  readonly line: number
  readonly column: number
}

/**
 * Every code a `HoldfastError` can carry, with what it tells a program. The table is closed: each door maps the whole of it
 * (exit status, HTTP status), and `docs/ERRORS.md` explains each row.
 */
export interface ErrorDetails {
  /** The call itself is malformed: a path, a reference, an option, a request body. */
  malformed: { readonly what: string }
  /** The configuration that would result breaks its rules. */
  invalid: { readonly issues: readonly Issue[] }
  /** Something else was changed first; nothing was applied. */
  conflict: { readonly expected: number; readonly found: number; readonly paths?: readonly string[] }
  'not-found': { readonly what: string }
  exists: { readonly what: string }
  forbidden: { readonly action: string; readonly namespace: string }
  /** A limit was exceeded; `limit` names the option that sets it. */
  'too-large': { readonly limit: string; readonly allowed: number; readonly found?: number }
  /** A source's text does not parse. */
  syntax: { readonly file: string; readonly line: number; readonly column: number }
  /** A source cannot be read at all: missing file, refused address, wrong fingerprint. */
  source: { readonly source: string }
  /** The list of sources given is not the list the store has. */
  'sources-differ': { readonly given: readonly string[]; readonly stored: readonly string[] }
  /** The store cannot be reached or does not take writes now; what was asked is not done. `version`: the newest here, where a later one was asked for. */
  unavailable: { readonly store: string; readonly retry: boolean; readonly version?: number }
  /** The commit may or may not have happened; look before trying again. */
  unknown: { readonly store: string }
  /** The work was done under a lease that another node may hold by now; nothing was changed. */
  fenced: { readonly lease: string }
  /** The store is damaged, foreign, or of a newer Holdfast. Nothing was changed. */
  store: { readonly store: string }
  /** A secret cannot be read or written because its key is not here. */
  key: { readonly keyId?: string }
  /** What was asked cannot be expressed: `null` in INI, a comment in JSON, an edit of a URL. */
  unsupported: { readonly what: string }
  closed: { readonly what: string }
  /** Nobody known asks: no token, or one that is malformed, unknown, expired or revoked. */
  unauthenticated: { readonly reason: 'missing' | 'malformed' | 'unknown' | 'expired' | 'revoked' }
  /** Too many requests; `retryAfter` is in seconds. */
  'rate-limited': { readonly retryAfter: number }
  /** An `Idempotency-Key` was used before for something else. */
  'key-reused': { readonly key: string }
  /** `If-Match` names another state than the one that is there; nothing was applied. */
  precondition: { readonly expected: string; readonly found: string }
  /** The address exists, but not with this method. */
  method: { readonly method: string; readonly allowed: readonly string[] }
  /** The body, or the answer asked for, is of a type that is not spoken here. */
  'media-type': { readonly found: string; readonly accepted: readonly string[] }
}

export type ErrorCode = keyof ErrorDetails

/** The one error Holdfast throws. `message` says what, where and how to mend it; `details` says it to programs. */
export class HoldfastError<C extends ErrorCode = ErrorCode> extends Error {
  readonly code: C
  readonly details: ErrorDetails[C]

  constructor(code: C, message: string, details: ErrorDetails[C], options?: { readonly cause?: unknown }) {
    super(message, options)
    this.name = 'HoldfastError'
    this.code = code
    this.details = details
  }

  /** True for an error of exactly this code, with its details typed. */
  static is<K extends ErrorCode>(error: unknown, code: K): error is HoldfastError<K> {
    return error instanceof HoldfastError && error.code === code
  }
}
