import type { NewToken, Token, TokenRequest, Tokens } from '../../model/access.ts'
import { ACTIONS as SCOPES, type Action as Scope } from '../../model/principal.ts'
import { suggest } from '../../model/suggest.ts'
import { type Action, runAction } from '../actions.ts'
import type { Call, Run } from '../command.ts'
import { defined } from '../flags.ts'
import { grantLine } from '../grants.ts'
import { openStore } from '../open.ts'
import type { Printer } from '../print.ts'
import { refuse } from '../refuse.ts'
import { table } from '../table.ts'
import { readTarget } from '../target.ts'
import { readDeadline, readDuration, stamp } from '../time.ts'

const ACTIONS: Readonly<Record<string, Action>> = {
  create: { takes: ['NAME'], flags: ['scope', 'namespace-pattern', 'section', 'expires'], run: create },
  list: { takes: [], run: list },
  rotate: { takes: ['NAME'], flags: ['overlap'], run: rotate },
  revoke: { takes: ['NAME'], run: revoke },
}

export const run: Run = (call) => runAction(call, 'token', ACTIONS)

async function withTokens<T>(call: Call, work: (tokens: Tokens) => Promise<T>): Promise<T> {
  const { admin } = await openStore(call)
  await using store = admin
  return await work(store.tokens)
}

async function create(call: Call, [name = '']: readonly string[]): Promise<undefined> {
  const request = await requestOf(call, name)
  const made = await withTokens(call, (tokens) => tokens.create(request))
  printNew(made, call.print)
  for (const grant of made.token.grants) call.print.note(`${made.token.name} may ${grantLine(grant)}.`)
}

/** A token is for the namespace at hand unless patterns say otherwise: the least that works is what needs no flag. */
async function requestOf(call: Call, name: string): Promise<TokenRequest> {
  const { flags } = call
  const actions = scopesOf(flags.texts('scope'))
  const [patterns, sections] = [flags.texts('namespace-pattern'), flags.texts('section')]
  if (patterns.length > 0 && flags.has('namespace'))
    refuse('--namespace and --namespace-pattern are both given.', 'Give one of them.')
  const namespaces = patterns.length > 0 ? patterns : [(await readTarget(call)).namespace]
  const expires = flags.text('expires')
  return {
    name,
    grants: [{ actions, namespaces, ...(sections.length > 0 && { sections }) }],
    ...(expires !== undefined && { expiresAt: readDeadline(expires, '--expires', new Date()) }),
  }
}

function scopesOf(texts: readonly string[]): readonly Scope[] {
  const said = new Set(texts.flatMap((text) => text.split(/[\s,]+/)).filter((word) => word !== ''))
  if (said.size === 0)
    refuse('holdfast token create needs --scope.', `Say what it may do: --scope config:read; of ${SCOPES.join(', ')}.`)
  return [...said].map((word) => {
    const scope = SCOPES.find((one) => one === word)
    if (scope !== undefined) return scope
    const near = suggest(word, SCOPES)
    return refuse(
      `--scope: ${JSON.stringify(word)} is not one of its values.${near === undefined ? '' : ` Did you mean ${near}?`}`,
      `Choose from ${SCOPES.join(', ')}.`,
    )
  })
}

async function rotate(call: Call, [name = '']: readonly string[]): Promise<undefined> {
  const overlap = call.flags.text('overlap')
  const overlapSeconds = overlap === undefined ? undefined : Math.ceil(readDuration(overlap, '--overlap') / 1000)
  const made = await withTokens(call, (tokens) => tokens.rotate(name, defined({ overlapSeconds })))
  printNew(made, call.print)
  const { overlapUntil } = made.token
  call.print.note(
    overlapUntil === null
      ? 'The text before is no longer good.'
      : `The text before stays good until ${stamp(overlapUntil)}.`,
  )
}

/** The text alone on standard output, so that it can go straight into a file or a secret store. */
function printNew(made: NewToken, print: Printer): void {
  if (print.json) print.document(made)
  else print.line(made.text)
  const { name, id, expiresAt } = made.token
  print.note(
    `Token ${name} (${id})${expiresAt === null ? '' : `, good until ${stamp(expiresAt)}`}; its text is shown this once.`,
  )
}

async function revoke(call: Call, [name = '']: readonly string[]): Promise<undefined> {
  const token = await withTokens(call, (tokens) => tokens.revoke(name))
  if (call.print.json) call.print.document(token)
  else call.print.note(`Token ${token.name} (${token.id}) is revoked.`)
}

async function list(call: Call): Promise<undefined> {
  const { print } = call
  const tokens = await withTokens(call, (all) => all.list())
  if (print.json) print.document(tokens)
  else if (tokens.length === 0) print.note('No tokens yet.')
  else
    print.lines(
      table(
        COLUMNS,
        tokens.map((token) => rowOf(token, print)),
        print,
      ),
    )
}

const COLUMNS = [
  { title: 'NAME', least: 8 },
  { title: 'ID' },
  { title: 'STATE' },
  { title: 'MAY', least: 11 },
  { title: 'LAST USED', least: 10 },
  { title: 'EXPIRES', least: 10 },
]

const STYLE = { active: 'green', expired: 'yellow', revoked: 'dim' } as const

function rowOf({ name, id, state, grants, lastUsedAt, expiresAt }: Token, print: Printer) {
  return [
    { text: name, paint: (text: string) => print.paint('bold', text) },
    id,
    { text: state, paint: (text: string) => print.paint(STYLE[state], text) },
    grants.map(grantLine).join('; '),
    lastUsedAt === null ? 'never' : stamp(lastUsedAt),
    expiresAt === null ? 'never' : stamp(expiresAt),
  ]
}
