import { commandName, readArguments } from './args.ts'
import type { Call, Command } from './command.ts'
import { findCommand, GLOBALS, TABLE } from './commands.ts'
import type { Flags } from './flags.ts'
import type { Io } from './io.ts'
import { DONE, Printer, type PrintOptions } from './print.ts'
import { processIo } from './process-io.ts'

/** The program as the shell starts it. */
export const runHere = (): Promise<number> => run(process.argv.slice(2), processIo())

/** The whole program: what is asked, doing it, and the one place where a refusal becomes a message and an exit status. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let print = new Printer(io, guessOptions(argv))
  try {
    const { command, operands, flags } = read(argv)
    print = new Printer(io, optionsOf(flags))
    return (await perform(command, { table: TABLE, operands, flags, io, print })) ?? DONE
  } catch (error) {
    return print.error(error)
  }
}

function read(argv: readonly string[]) {
  const name = commandName(argv, GLOBALS)
  const command = findCommand(name ?? 'help')
  const isBare = name === undefined
  return { command, ...readArguments(isBare ? [...argv, 'help'] : argv, command, GLOBALS) }
}

async function perform(command: Command, call: Call): Promise<number | undefined> {
  if (call.flags.has('version')) return printVersion(call)
  const isHelp = call.flags.has('help') && command.name !== 'help'
  const { run } = await (isHelp ? findCommand('help') : command).load()
  return run(isHelp ? { ...call, operands: [command.name] } : call)
}

async function printVersion({ print }: Call): Promise<undefined> {
  const { version } = await import('./package.ts')
  if (print.json) print.document({ version: version() })
  else print.line(version())
}

function optionsOf(flags: Flags): PrintOptions {
  return {
    json: flags.has('json'),
    quiet: flags.has('quiet'),
    verbose: flags.has('verbose'),
    color: !flags.has('no-color'),
  }
}

/** How to say that the flags cannot be read, before they are read. */
function guessOptions(argv: readonly string[]): PrintOptions {
  const end = argv.indexOf('--')
  const words = new Set(end < 0 ? argv : argv.slice(0, end))
  return { json: words.has('--json'), quiet: false, verbose: words.has('-v'), color: !words.has('--no-color') }
}
