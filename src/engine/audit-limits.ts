import type { AuditEntry } from '../model/access.ts'

/** What a caller tells of something; when, and how often, is added by the trail. */
export type Note = Omit<AuditEntry, 'id' | 'at' | 'count'>

const MINUTE = 60_000
/** Different refusals of one token or address that are listed in a minute. */
const MOST_OF_ONE = 20
/** Different refusals that are listed in a minute: strangers' do not crowd out those of people with a token. */
const MOST_OF_ALL = { stranger: 60, token: 600 }

/** How many different refusals are listed one by one in a minute; what is beyond is counted together. */
export class Budget {
  #since = Number.NEGATIVE_INFINITY
  #used = { stranger: 0, token: 0 }
  readonly #bySource = new Map<string, number>()

  /** True where one more may be listed. */
  take(note: Note, at: number): boolean {
    if (at - this.#since >= MINUTE || at < this.#since) this.#begin(at)
    const kind = kindOf(note)
    const source = sourceOf(note)
    const ofSource = this.#bySource.get(source) ?? 0
    if (ofSource >= MOST_OF_ONE || this.#used[kind] >= MOST_OF_ALL[kind]) return false
    this.#used[kind]++
    this.#bySource.set(source, ofSource + 1)
    return true
  }

  /** What stands for a refusal that is not listed: its source where that has listed ones, else all that have none. */
  merged(note: Note): Note {
    const isKnown = this.#bySource.has(sourceOf(note))
    const { who, tokenId, sourceIp } = isKnown ? note : { who: null, tokenId: null, sourceIp: null }
    const detail = isKnown ? FURTHER : kindOf(note) === 'token' ? FURTHER_TOKENS : FURTHER_STRANGERS
    return {
      event: note.event,
      who,
      tokenId,
      sourceIp: tokenId === null ? sourceIp : null,
      namespace: null,
      subject: null,
      detail,
      requestId: null,
    }
  }

  #begin(at: number): void {
    this.#since = at
    this.#used = { stranger: 0, token: 0 }
    this.#bySource.clear()
  }
}

const FURTHER = 'further refusals within the minute, counted together'
const FURTHER_STRANGERS = 'further refusals of addresses without a token, counted together'
const FURTHER_TOKENS = 'further refusals of tokens, counted together'

const BURST = 20
const MOST_SOURCES = 5_000
const MOST_BURSTS = 60

interface Window {
  readonly since: number
  count: number
}

/** Points out a token or an address that is refused again and again: once a minute. */
export class BurstWatch {
  readonly #windows = new Map<string, Window>()
  #told: Window = { since: Number.NEGATIVE_INFINITY, count: 0 }

  /** The entry to write where this refusal makes it a burst. */
  note(note: Note, at: number): Note | undefined {
    if (note.tokenId === null && note.sourceIp === null) return undefined
    const source = sourceOf(note)
    const window = this.#windowOf(source, at)
    if (window === undefined || ++window.count !== BURST || !this.#mayTell(at)) return undefined
    return {
      event: 'refusal-burst',
      who: note.who,
      tokenId: note.tokenId,
      sourceIp: note.sourceIp,
      namespace: null,
      subject: null,
      detail: `${BURST} refusals or more within a minute`,
      requestId: null,
    }
  }

  #windowOf(source: string, at: number): Window | undefined {
    const known = this.#windows.get(source)
    if (known !== undefined && isWithin(known, at)) return known
    if (this.#windows.size >= MOST_SOURCES && known === undefined) this.#forget(at)
    if (this.#windows.size >= MOST_SOURCES && known === undefined) return undefined
    const begun = { since: at, count: 0 }
    this.#windows.delete(source)
    this.#windows.set(source, begun)
    return begun
  }

  /** Windows stand in the order they began in. */
  #forget(at: number): void {
    for (const [source, window] of this.#windows) {
      if (isWithin(window, at)) return
      this.#windows.delete(source)
    }
  }

  #mayTell(at: number): boolean {
    if (!isWithin(this.#told, at)) this.#told = { since: at, count: 0 }
    return ++this.#told.count <= MOST_BURSTS
  }
}

const isWithin = ({ since }: Window, at: number): boolean => at >= since && at - since < MINUTE

const kindOf = ({ tokenId }: Note): 'stranger' | 'token' => (tokenId === null ? 'stranger' : 'token')

const sourceOf = ({ tokenId, sourceIp }: Note): string =>
  tokenId === null ? `address ${sourceIp}` : `token ${tokenId}`
