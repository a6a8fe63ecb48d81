import type { Flags } from './flags.ts'
import type { Io } from './io.ts'
import type { Printer } from './print.ts'

/** One flag as the table declares it: from this come parsing, checks, help, the reference and completion. */
export interface Option {
  readonly name: string
  readonly short?: string
  /** What stands for its value in help; a flag without it is on or off. */
  readonly value?: string
  readonly isMany?: boolean
  readonly choices?: readonly string[]
  readonly isInteger?: boolean
  readonly summary: string
}

export interface Argument {
  readonly name: string
  readonly isOptional?: boolean
  readonly isMany?: boolean
  readonly choices?: readonly string[]
  /** What the shell offers for it. */
  readonly completes?: 'path' | 'assignment' | 'section' | 'version' | 'tag' | 'file'
}

export const GROUPS = [
  'See and explain',
  'Change',
  'Versions',
  'Care of the store',
  'Server and access',
  'Around it',
] as const

export interface Command {
  readonly name: string
  readonly group: (typeof GROUPS)[number]
  readonly summary: string
  /** Sentences that help shows below the summary. */
  readonly details?: readonly string[]
  readonly arguments: readonly Argument[]
  readonly options: readonly Option[]
  /** What to type, and what it does. */
  readonly examples: readonly (readonly [string, string])[]
  readonly isHidden?: boolean
  readonly load: () => Promise<{ readonly run: Run }>
}

/** All there is to type: what help and completion are made of. */
export interface Table {
  readonly commands: readonly Command[]
  /** The flags every command takes. */
  readonly globals: readonly Option[]
  /** The command of this name; refuses another word with the command that was probably meant. */
  readonly find: (name: string) => Command
}

/** What a command gets. */
export interface Call {
  readonly table: Table
  readonly operands: readonly string[]
  readonly flags: Flags
  readonly io: Io
  readonly print: Printer
}

/** Runs a command; the exit status, 0 where it returns nothing. */
export type Run = (call: Call) => Promise<number | undefined>
