import { suggest } from '../model/suggest.ts'
import { ACCESS } from './catalogue/access.ts'
import { CHANGE } from './catalogue/change.ts'
import { SEE } from './catalogue/see.ts'
import { AROUND, STORE } from './catalogue/store.ts'
import { VERSIONS } from './catalogue/versions.ts'
import type { Command, Option, Table } from './command.ts'
import { refuse } from './refuse.ts'

/** The flags every command takes. */
export const GLOBALS: readonly Option[] = [
  { name: 'namespace', short: 'n', value: 'NAME', summary: 'whose configuration (default: default)' },
  { name: 'store', value: 'FILE', summary: 'the database, else as holdfast.yaml says' },
  { name: 'server', value: 'URL', summary: 'a server instead of a store; HOLDFAST_TOKEN has the token' },
  { name: 'insecure', summary: 'allow plain HTTP between machines' },
  { name: 'source', value: 'SOURCE', isMany: true, summary: 'a base: file, URL or env:PREFIX_; repeatable' },
  { name: 'schema', value: 'FILE', summary: 'a JSON Schema that changes must satisfy' },
  { name: 'replace-sources', summary: 'take another list of sources than before' },
  { name: 'actor', value: 'NAME', summary: 'who does it (default: you)' },
  { name: 'json', summary: 'one JSON document instead of tables' },
  { name: 'no-color', summary: 'no colours, as with NO_COLOR' },
  { name: 'quiet', short: 'q', summary: 'no remarks on standard error' },
  { name: 'verbose', short: 'v', summary: 'more detail, and the causes of errors' },
  { name: 'version', summary: 'the version of this program' },
  { name: 'help', short: 'h', summary: 'this page, or that of a command' },
]

/** Every command; all that is said about one anywhere is derived from here. */
export const COMMANDS: readonly Command[] = [...SEE, ...CHANGE, ...VERSIONS, ...STORE, ...ACCESS, ...AROUND]

/** The command of this name; refuses another word with the command that was probably meant. */
export function findCommand(name: string): Command {
  const command = COMMANDS.find((each) => each.name === name)
  if (command !== undefined) return command
  const near = suggest(
    name,
    COMMANDS.filter(({ isHidden }) => !isHidden).map((each) => each.name),
  )
  return refuse(
    `there is no command ${JSON.stringify(name)}.${near === undefined ? '' : ` Did you mean ${near}?`}`,
    'See "holdfast --help".',
  )
}

/** Handed to every command: one that imported it would close a circle, since the table names the commands. */
export const TABLE: Table = { commands: COMMANDS, globals: GLOBALS, find: findCommand }
