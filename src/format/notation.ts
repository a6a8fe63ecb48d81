import { HoldfastError } from '../model/errors.ts'
import { valueAt } from '../model/layer.ts'
import { LIMITS, type Limits, withinLimit } from '../model/limits.ts'
import { type Path, printPath } from '../model/path.ts'
import { equal, freeze, isTree, type Tree, toValue, type Value } from '../model/value.ts'
import { applyEdits, difference, isAsWanted } from './changes.ts'
import type { Edit, Format, FormatName, Parsed, ParseOptions } from './format.ts'
import { SourceText } from './source-text.ts'
import { type Splice, splice } from './splice.ts'

/** What one notation has to bring; everything that must hold for all of them is in `makeFormat`. */
export interface Notation<Outline> {
  readonly name: FormatName
  readonly isText: boolean
  /** The tree and where its parts stand. May throw anything; never lets a library's message through. */
  read(source: SourceText): { readonly tree: Tree; readonly outline: Outline }
  /** What will be read back after `write(tree)`: leaves as text, nested keys flattened. The tree itself where absent. */
  shape?(tree: Tree): Tree
  write(tree: Tree): string
  /** Where to cut and what to put for all of the edits, or `undefined` where they cannot be made in place together. */
  splices?(source: SourceText, outline: Outline, edits: readonly Edit[]): readonly Splice[] | undefined
}

const BOM = '\ufeff'
const UNLIMITED: Limits = { ...LIMITS, valueBytes: Infinity, sourceBytes: Infinity, keyLength: Infinity, depth: 500 }

/** Makes a `Format` of a notation: limits, byte order marks, damaged input, and the proof that what is written reads back. */
export function makeFormat<Outline>(notation: Notation<Outline>): Format {
  const { name, isText } = notation
  const parse = (text: string, options: ParseOptions): Parsed => {
    const { tree, source } = read(notation, withoutBom(text), options)
    return { tree, positions: source.positions }
  }
  const render = (tree: Tree): string => {
    const shape = notation.shape?.(tree) ?? tree
    const text = notation.write(shape)
    const back = readBack(notation, text)
    if (back === undefined || !equal(back, shape)) throw unwritable(name, shape, back)
    return text
  }
  if (!notation.splices) return { name, isText, parse, render }
  const edit = (text: string, edits: readonly Edit[], options: ParseOptions): string => {
    const body = withoutBom(text)
    const changed = change(
      notation,
      body,
      edits.map((one) => asWritten(one, notation, options.limits)),
      options,
    )
    return text.slice(0, text.length - body.length) + changed
  }
  return { name, isText, parse, render, edit }
}

const withoutBom = (text: string): string => (text.startsWith(BOM) ? text.slice(1) : text)

interface Reading<Outline> {
  readonly source: SourceText
  readonly tree: Tree
  readonly outline: Outline
}

function read<Outline>(notation: Notation<Outline>, text: string, options: ParseOptions): Reading<Outline> {
  withinLimit(options.limits, 'sourceBytes', Buffer.byteLength(text), options.file)
  const source = new SourceText(text, options)
  const nul = text.indexOf('\0')
  if (nul >= 0) source.refuse(nul, 'a NUL character; this is not a text')
  try {
    const { tree, outline } = notation.read(source)
    return { source, tree: toValue(tree, options.limits, options.file) as Tree, outline }
  } catch (error) {
    if (error instanceof HoldfastError) throw error
    const why = error instanceof RangeError ? 'nested too deeply or too large to be read' : 'cannot be read'
    return source.refuse(0, `${why} as ${notation.name}`)
  }
}

function readBack<Outline>(notation: Notation<Outline>, text: string): Tree | undefined {
  try {
    return read(notation, text, { file: notation.name, limits: UNLIMITED }).tree
  } catch (error) {
    if (error instanceof HoldfastError) return undefined
    throw error
  }
}

function unwritable(name: FormatName, meant: Tree, back: Tree | undefined): HoldfastError<'unsupported'> {
  const lost = difference(back ?? {}, meant)
  const path = (lost.find((edit) => edit.value !== undefined) ?? lost[0])?.path
  const what = path && back ? printPath(path) : 'this configuration'
  return new HoldfastError('unsupported', `${what} cannot be written as ${name} so that it reads back the same`, {
    what,
  })
}

function asWritten<Outline>({ path, value }: Edit, notation: Notation<Outline>, limits: Limits): Edit {
  if (path.length === 0) throw new HoldfastError('malformed', 'an edit needs a path', { what: 'path' })
  if (value === undefined) return { path }
  const taken = toValue(value, limits, printPath(path))
  return { path, value: notation.isText ? textOf(taken, path) : taken }
}

/** Makes the edits all at once where their places do not touch, and in parts where they do. */
function change<Outline>(
  notation: Notation<Outline>,
  text: string,
  edits: readonly Edit[],
  options: ParseOptions,
): string {
  const { source, tree, outline } = read(notation, text, options)
  const wanted = applyEdits(tree, edits)
  const steps = difference(tree, wanted)
  if (steps.length === 0) return text

  const splices = notation.splices!(source, outline, steps)
  const changed = splices && splice(text, splices)
  if (changed !== undefined) {
    const back = readBack(notation, changed)
    if (back && isAsWanted(tree, wanted, back)) return changed
  }
  if (steps.length === 1) throw notInPlace(steps[0]!, options.file)
  return split(tree, steps).reduce((now, some) => change(notation, now, some, options), text)
}

/** What takes out or sets first, then what adds; where there is only one of the two, halves. */
function split(tree: Tree, steps: readonly Edit[]): readonly (readonly Edit[])[] {
  const isNew = ({ path }: Edit): boolean => valueAt(tree, path) === undefined
  const added = steps.filter(isNew)
  if (added.length > 0 && added.length < steps.length) return [steps.filter((step) => !isNew(step)), added]
  const middle = steps.length >> 1
  return [steps.slice(0, middle), steps.slice(middle)]
}

/** The splices of a notation whose edits do not know of each other. */
export function oneByOne<Outline>(
  splicesOf: (source: SourceText, outline: Outline, edit: Edit) => readonly Splice[] | undefined,
) {
  return (source: SourceText, outline: Outline, edits: readonly Edit[]): readonly Splice[] | undefined => {
    const found = edits.map((edit) => splicesOf(source, outline, edit))
    return found.every((some) => some !== undefined) ? found.flat() : undefined
  }
}

function notInPlace({ path, value }: Edit, file: string): HoldfastError<'unsupported'> {
  const what = printPath(path)
  const verb = value === undefined ? 'taken out of' : 'written into'
  return new HoldfastError(
    'unsupported',
    `${what} cannot be ${verb} ${file} with everything else left as it is; edit it by hand`,
    {
      what,
    },
  )
}

/** A leaf as a text notation writes it: scalars plainly, lists as JSON, `null` where there is no value at all. */
export function textOf(value: Value, path: Path): Value {
  if (value === null || typeof value === 'string') return value
  if (!isTree(value)) return typeof value === 'object' ? JSON.stringify(value) : String(value)
  return freeze(Object.fromEntries(Object.entries(value).map(([key, child]) => [key, textOf(child, [...path, key])])))
}

/** The whole tree with its leaves as text. */
export const textTree = (tree: Tree): Tree => textOf(tree, []) as Tree

/** The refusal of what a notation has no word for. */
export function cannotSay(path: Path, why: string): HoldfastError<'unsupported'> {
  const what = path.length === 0 ? 'the configuration' : printPath(path)
  return new HoldfastError('unsupported', `${what}: ${why}`, { what })
}
