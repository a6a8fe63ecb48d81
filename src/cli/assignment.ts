import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Path, parsePath } from '../model/path.ts'
import type { Value } from '../model/value.ts'
import type { Io } from './io.ts'
import { refuse } from './refuse.ts'

export interface Assignment {
  readonly path: Path
  readonly value: Value
}

/** Reads `PATH=VALUE` words; a value of `@-` comes from standard input, `@FILE` from a file, and `@@` is a plain `@`. */
export async function readAssignments(
  words: readonly string[],
  type: string | undefined,
  io: Io,
): Promise<readonly Assignment[]> {
  const assignments: Assignment[] = []
  let usesInput = false
  for (const word of words) {
    const { path, text } = splitAssignment(word)
    if (text === '@-' && usesInput) refuse('standard input can be only one value.', 'Give the others as PATH=@FILE.')
    usesInput ||= text === '@-'
    const value = await readText(text, io)
    assignments.push({ path: parsePath(path), value: type === undefined ? value : readAs(type, value, path) })
  }
  return assignments
}

/** Cuts at the first `=` that is outside the quotes of the path. */
export function splitAssignment(word: string): { path: string; text: string } {
  const [path] = /^(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^="'])*/.exec(word) ?? ['']
  if (path.trim() === '' || word[path.length] !== '=') {
    refuse(
      `${JSON.stringify(word)} sets nothing.`,
      'Write PATH=VALUE, as in server.port=5050; a value with spaces needs quotes.',
    )
  }
  return { path, text: word.slice(path.length + 1) }
}

async function readText(text: string, io: Io): Promise<string> {
  if (text.startsWith('@@')) return text.slice(1)
  if (text === '@-') return withoutLineEnd(await readInput(io))
  return text.startsWith('@') ? withoutLineEnd(readFile(text.slice(1), io)) : text
}

async function readInput(io: Io): Promise<string> {
  if (io.stdin.isTTY === true) io.stderr.write('Type the value; Ctrl+D on a line of its own ends it.\n')
  const chunks: Uint8Array[] = []
  for await (const chunk of io.stdin) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
  return decode(Buffer.concat(chunks), 'standard input')
}

function readFile(name: string, io: Io): string {
  try {
    return decode(readFileSync(resolve(io.cwd, name)), name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    return refuse(
      `@${name}: that file cannot be read (${(error as NodeJS.ErrnoException).code}).`,
      `Write @@${name} for a value that begins with @.`,
    )
  }
}

function decode(data: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data)
  } catch {
    return refuse(`${name} is not UTF-8 text.`, 'Encode it, for example as base64.')
  }
}

const withoutLineEnd = (text: string): string => text.replace(/\r?\n$/, '')

function readAs(type: string, text: string, path: string): Value {
  const reader = READERS[type]!
  const value = reader(text)
  return value === undefined ? refuse(`${path}: the text is not of type ${type}.`, EXPECTED[type]!) : value
}

const READERS: Readonly<Record<string, (text: string) => Value | undefined>> = {
  string: (text) => text,
  integer: (text) => (/^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined),
  float: (text) =>
    /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) && Number.isFinite(Number(text)) ? Number(text) : undefined,
  boolean: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
  json: readJson,
  list: (text) => {
    const json = text.startsWith('[') ? readJson(text) : text === '' ? [] : text.split(',').map((item) => item.trim())
    return Array.isArray(json) ? json : undefined
  },
  null: (text) => (text === '' || text === 'null' ? null : undefined),
}

const EXPECTED: Readonly<Record<string, string>> = {
  integer: 'Write digits, as in 5050; larger than 9007199254740991 only as a string.',
  float: 'Write a number, as in 0.75.',
  boolean: 'Write true or false.',
  json: 'Write JSON, as in \'{"a": 1}\' or \'"text"\'.',
  list: "Write a,b,c or a JSON array, as in '[1, 2]'.",
  null: 'Write PATH= or PATH=null.',
}

function readJson(text: string): Value | undefined {
  try {
    return JSON.parse(text) as Value
  } catch {
    return undefined
  }
}
