import type { Action, Grant } from '../../../model/principal.ts'

/** What each action of a grant allows, as a word in a row and as a sentence beside its check box. */
export const ACTION_WORDS: Readonly<Record<Action, { readonly word: string; readonly says: string }>> = {
  'config:read': {
    word: 'read',
    says: 'Values, history, versions, drift and the watch. Secrets stay concealed.',
  },
  'config:write': {
    word: 'change',
    says: 'Set and end overrides, restore, tag, declare the baseline, reload sources.',
  },
  'secrets:read': { word: 'see secrets', says: 'Secrets as they are, where they are asked for; each time is audited.' },
  'audit:read': { word: 'read the audit log', says: 'Who was refused, and who read or did what.' },
  admin: {
    word: 'administer',
    says: 'All of these, and deleting old versions; for every namespace (*) also tokens, webhooks, backups and namespaces.',
  },
}

/** Words one after the other: `a, b and c`. */
export const listed = (words: readonly string[]): string => new Intl.ListFormat('en').format(words)

/** Where patterns point to: `tacacs-* and web`, or every one. */
export const placesOf = (patterns: readonly string[], every: string): string =>
  patterns.includes('*') ? every : listed(patterns)

/** A grant in words: `Read and change in tacacs-*, only in sections auth`. */
export function grantInWords({ actions, namespaces, sections }: Grant): string {
  const able = actions.includes('admin') ? [ACTION_WORDS.admin.word] : actions.map((one) => ACTION_WORDS[one].word)
  const text = `${listed(able)} in ${placesOf(namespaces, 'every namespace')}`
  const within = sections === undefined || sections.includes('*') ? '' : `, only in sections ${listed(sections)}`
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${within}`
}

/** What was typed as patterns, one after the other with commas between. */
export const patternsIn = (text: string): readonly string[] =>
  text
    .split(/[,\n]/)
    .map((one) => one.trim())
    .filter((one) => one !== '')

/** A pattern is a name, or a beginning followed by a star; what is wrong with the first that is neither. */
export function wrongPattern(text: string): string | undefined {
  const wrong = patternsIn(text).find((one) => one.slice(0, -1).includes('*'))
  return wrong === undefined ? undefined : `${wrong}: a star stands only at the end, for every name that begins so.`
}

/** Milliseconds as people say them: `812 ms`, `4.2 s`, `3 min`. */
export function lasting(ms: number): string {
  const number = (value: number, digits: number): string =>
    value.toLocaleString(undefined, { maximumFractionDigits: digits })
  if (ms < 1000) return `${number(ms, 0)} ms`
  return ms < 120_000 ? `${number(ms / 1000, 1)} s` : `${number(ms / 60_000, 0)} min`
}

const DAY_MS = 86_400_000

/** True where `iso` comes within so many days after `now`. */
export const isWithin = (iso: string, days: number, now: number): boolean => {
  const left = Date.parse(iso) - now
  return left > 0 && left < days * DAY_MS
}

/** So many days from now, as the API takes it. */
export const inDays = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString()
