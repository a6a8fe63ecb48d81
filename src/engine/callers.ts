import { localPrincipal, type Principal } from '../model/principal.ts'
import { checkText } from '../model/value.ts'
import type { OpenOptions } from './options.ts'
import type { CallerOf } from './parts.ts'

/** The account's name; its number where the system has no name for it, as in many containers. */
export function operatingSystemUser(): string {
  try {
    return process.getBuiltinModule('node:os').userInfo().username
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`
  }
}

/** Whoever calls, unless they say otherwise, is the one the namespace was opened for. */
export function callersOf(options: Pick<OpenOptions, 'actor'>): CallerOf {
  let own = options.actor
  return ({ actor, sourceIp, reason, comment }) => {
    own ??= operatingSystemUser()
    const who = localPrincipal(checkText(actor ?? own, 'actor'), sourceIp ?? null)
    return { who, reason: wordsOf(reason, 'reason'), comment: wordsOf(comment, 'comment') }
  }
}

/** Whoever came with a token is that token, whatever the request says; the holder of the store's file may speak for others. */
export function callersAs(who: Principal): CallerOf {
  return ({ actor, sourceIp, reason, comment }) => {
    const speaks = who.tokenId === null && (actor !== undefined || sourceIp !== undefined)
    const said = speaks ? { ...who, name: actor ?? who.name, sourceIp: sourceIp ?? who.sourceIp } : who
    checkText(said.name, 'actor')
    return { who: said, reason: wordsOf(reason, 'reason'), comment: wordsOf(comment, 'comment') }
  }
}

const wordsOf = (text: string | undefined, what: string): string | null =>
  text === undefined ? null : checkText(text, what)
