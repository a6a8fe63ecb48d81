import {
  Composer,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  type Node,
  type Pair,
  Parser,
  type Scalar,
  type YAMLError,
  type YAMLMap,
} from 'yaml'
import { HoldfastError } from '../model/errors.ts'
import { isTree, type Tree, type Value } from '../model/value.ts'
import { losesDigits } from './digits.ts'
import type { SourceText } from './source-text.ts'

/** A mapping that a path reaches, with the pairs of its keys and the pair it is the value of. */
export interface YamlBranch {
  readonly map: YAMLMap
  readonly owner: Pair | undefined
  readonly pairs: Map<string, YamlPair>
}

export interface YamlPair {
  readonly pair: Pair
  branch?: YamlBranch
}

/** Reads one YAML 1.2 document of the core schema. `undefined` as outline is a text without a mapping: only comments, or nothing. */
export function readYaml(source: SourceText): { tree: Tree; outline: YamlBranch | undefined } {
  refuseUnprintable(source)
  const document = compose(source)
  const top = document?.contents
  if (!top || (isScalar(top) && top.value === null && top.source === '')) return { tree: {}, outline: undefined }
  if (!isMap(top)) return source.refuse(startOf(top), 'the top of a configuration must be a mapping: key: value')
  const reader = new YamlReader(source)
  const { value, branch } = reader.map(top, 1, { path: '', owner: undefined })
  return { tree: value, outline: branch }
}

/** What YAML forbids and the library lets pass, or uses as a signal to itself. */
function refuseUnprintable(source: SourceText): void {
  const found = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]|\r(?!\n)/.exec(source.text)
  if (found)
    source.refuse(found.index, found[0] === '\r' ? 'a carriage return without a line feed' : 'a control character')
}

/** One lexeme costs the parser some hundred bytes of memory, so a text may have only so many of them. */
const BYTES_PER_LEXEME = 8

function compose(source: SourceText): Document.Parsed | undefined {
  const parser = new Parser()
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: false,
    resolveKnownTags: false,
    strict: true,
    logLevel: 'silent',
  })
  const documents = composer.compose(tokens(source, parser), true, source.text.length)
  const first: Document.Parsed | undefined = documents.next().value ?? undefined
  for (const found of [...(first?.errors ?? []), ...unknownTags(first)]) refuseFound(source, found)
  const second: Document.Parsed | undefined = documents.next().value ?? undefined
  if (second) source.refuse(second.range[0], 'a second document; a configuration is one')
  return first
}

function refuseFound(source: SourceText, { code, pos: [at] }: YAMLError): never {
  if (code === 'RESOURCE_EXHAUSTION') source.nest(source.limits.depth + 1, at)
  return source.refuse(at, REFUSALS[code] ?? 'not YAML')
}

const unknownTags = (document: { readonly warnings: readonly YAMLError[] } | undefined): readonly YAMLError[] =>
  document?.warnings.filter(({ code }) => code === 'TAG_RESOLVE_FAILED') ?? []

/** The parser's tokens, with nesting and number bounded before anything recurses over them. */
function* tokens(source: SourceText, parser: Parser) {
  let offset = 0
  let depth = 0
  let run = 0
  let count = 0
  for (const lexeme of new Lexer().lex(source.text)) {
    if (lexeme === '[' || lexeme === '{') source.nest(++depth, offset)
    else if (lexeme === ']' || lexeme === '}') depth--
    if (lexeme === '-' || lexeme === '?') source.nest(++run, offset)
    else if (lexeme.trim() !== '' || lexeme.includes('\n')) run = 0
    if (++count * BYTES_PER_LEXEME > source.limits.sourceBytes) tooMany(source, count)
    yield* parser.next(lexeme)
    if (!SIGNALS.has(lexeme)) offset += lexeme.length
  }
  yield* parser.end()
}

const SIGNALS: ReadonlySet<string> = new Set(['\u0002', '\u0018', '\u001f'])

function tooMany(source: SourceText, count: number): never {
  const allowed = source.limits.sourceBytes
  throw new HoldfastError(
    'too-large',
    `${source.file} has more YAML in it than fits in memory (option limits.sourceBytes)`,
    {
      limit: 'sourceBytes',
      allowed,
      found: count * BYTES_PER_LEXEME,
    },
  )
}

/** The library's codes, in words that quote nothing of the text. */
const REFUSALS: Readonly<Record<string, string>> = {
  ALIAS_PROPS: 'an alias with an anchor or a tag of its own',
  BAD_ALIAS: 'not an alias or anchor',
  BAD_COLLECTION_TYPE: 'a tag that does not fit its collection',
  BAD_DIRECTIVE: 'not a directive',
  BAD_DQ_ESCAPE: 'an escape that YAML does not know',
  BAD_INDENT: 'wrong indentation',
  BAD_PROP_ORDER: 'an anchor or a tag in the wrong place',
  BAD_SCALAR_START: 'a character that plain text cannot start with; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a mapping within a mapping on one line; put the value in quotes',
  BLOCK_IN_FLOW: 'a block within brackets',
  KEY_OVER_1024_CHARS: 'a key of more than 1024 characters',
  MISSING_CHAR: 'something is missing here: a quote, a bracket, a comma, a colon or a blank',
  MULTILINE_IMPLICIT_KEY: 'a key over more than one line',
  MULTIPLE_ANCHORS: 'more than one anchor',
  MULTIPLE_DOCS: 'a second document; a configuration is one',
  MULTIPLE_TAGS: 'more than one tag',
  TAB_AS_INDENT: 'a tab as indentation',
  TAG_RESOLVE_FAILED: 'a tag that JSON has no word for',
  UNEXPECTED_TOKEN: 'something that YAML does not allow here',
}

/** A value with the size it has once its aliases are written out. */
interface Weighed<V extends Value = Value> {
  readonly value: V
  readonly weight: number
}

/** Where a path leads; `undefined` within arrays, which are one value. */
interface Place {
  readonly path: string
  readonly owner: Pair | undefined
}

/** A mapping that is being read, as its merges see it. */
interface Merging {
  readonly depth: number
  readonly place: Place | undefined
  readonly pairs: ReadonlyMap<string, YamlPair>
  readonly entries: [string, Value][]
  readonly weight: number
}

/** What a merged key costs beside its text: it is written in a few letters, and takes a place in memory. */
const MERGED = 32

/** A bare `<<`: what YAML 1.1 and every common reader of configuration take for a merge, and what 1.2 leaves open. */
const isMerge = (key: unknown): boolean => isScalar(key) && key.value === '<<' && key.type === 'PLAIN'

class YamlReader {
  #source: SourceText
  #anchors = new Map<string, Weighed>()

  constructor(source: SourceText) {
    this.#source = source
  }

  map(map: YAMLMap, depth: number, place: Place | undefined): Weighed<Tree> & { branch: YamlBranch } {
    this.#source.nest(depth, startOf(map))
    const pairs = new Map<string, YamlPair>()
    const entries: [string, Value][] = []
    let weight = 1
    let merge: Pair | undefined
    for (const pair of map.items) {
      const key = this.#key(pair.key, startOf(map))
      const from = startOf(pair.key as Node)
      const first = pairs.get(key)
      if (first) this.#source.duplicate(from, key, startOf(first.pair.key as Node))
      const known: YamlPair = { pair }
      pairs.set(key, known)
      if (isMerge(pair.key)) {
        merge = pair
        continue
      }
      const path = place && this.#source.mark(place.path, key, from)
      const child = this.#value(pair.value, depth + 1, path === undefined ? undefined : { path, owner: pair }, known)
      entries.push([key, child.value])
      weight = this.#add(weight, child.weight + key.length, from)
    }
    if (merge) weight = this.#merge(merge, { depth, place, pairs, entries, weight })
    const tree = this.#anchor(map, { value: Object.fromEntries(entries), weight })
    return { ...tree, branch: { map, owner: place?.owner, pairs } }
  }

  /** Adds the keys that a bare `<<` brings; a mapping's own keys win, and among several the first. */
  #merge(pair: Pair, into: Merging): number {
    const from = startOf(pair.key as Node)
    const { value } = this.#value(pair.value, into.depth + 1, undefined)
    const taken = new Set([...into.pairs.keys(), ...into.entries.map(([key]) => key)])
    let weight = into.weight
    for (const tree of Array.isArray(value) ? value : [value]) {
      if (!isTree(tree)) return this.#source.refuse(from, 'a merge (<<) of something that is not a mapping')
      for (const [key, child] of Object.entries(tree)) {
        if (taken.has(key)) continue
        taken.add(key)
        if (into.place) this.#source.mark(into.place.path, key, from)
        into.entries.push([key, child])
        weight = this.#add(weight, JSON.stringify(child).length + key.length + MERGED, from)
      }
    }
    return weight
  }

  /** A key as it is written: `1.10` stays `1.10`. */
  #key(key: unknown, fallback: number): string {
    if (!isScalar(key)) {
      const from = isCollection(key) || isAlias(key) ? startOf(key) : fallback
      return this.#source.refuse(from, 'a key that is not text')
    }
    const text = typeof key.value === 'string' ? key.value : (key.source ?? '')
    if (text === '' && key.value === null) this.#source.refuse(startOf(key), 'a value without a key')
    if (key.anchor) this.#anchors.set(key.anchor, { value: text, weight: text.length + 1 })
    return text
  }

  #value(node: unknown, depth: number, place: Place | undefined, known?: YamlPair): Weighed {
    if (node === null || node === undefined) return { value: null, weight: 1 }
    if (isScalar(node)) return this.#anchor(node, { value: this.#scalar(node), weight: (node.source?.length ?? 0) + 1 })
    if (isMap(node)) {
      const { branch, ...weighed } = this.map(node, depth, place)
      if (known && place) known.branch = branch
      return weighed
    }
    if (isSeq(node)) return this.#list(node, depth)
    if (!isAlias(node)) return this.#source.refuse(0, 'not YAML')
    const target = this.#anchors.get(node.source)
    return target ?? this.#source.refuse(startOf(node), 'an alias of an anchor that does not stand before it')
  }

  #list(list: Node & { readonly items: readonly unknown[] }, depth: number): Weighed {
    this.#source.nest(depth, startOf(list))
    let weight = 1
    const items = list.items.map((node) => {
      const item = this.#value(node, depth + 1, undefined)
      weight = this.#add(weight, item.weight, startOf(list))
      return item.value
    })
    return this.#anchor(list, { value: items, weight })
  }

  /** Aliases of aliases grow without end in a few lines: what they say together may be no more than a source may. */
  #add(weight: number, more: number, offset: number): number {
    const { file, limits } = this.#source
    if (weight + more <= limits.sourceBytes) return weight + more
    const { line, column } = this.#source.at(offset)
    const message = `${file}:${line}:${column}: aliases written out are over the limit: ${weight + more}, allowed ${limits.sourceBytes} (option limits.sourceBytes)`
    throw new HoldfastError('too-large', message, {
      limit: 'sourceBytes',
      allowed: limits.sourceBytes,
      found: weight + more,
    })
  }

  #anchor<W extends Weighed>(node: { readonly anchor?: string | undefined }, weighed: W): W {
    if (node.anchor) this.#anchors.set(node.anchor, weighed)
    return weighed
  }

  #scalar(node: Scalar): Value {
    const { value, source = '' } = node
    const from = startOf(node)
    if (value === null || typeof value === 'boolean') return value
    if (typeof value === 'string') return this.#source.string(value, from)
    if (typeof value !== 'number') return this.#source.refuse(from, 'a value that JSON has no word for')
    if (!Number.isFinite(value)) this.#source.refuse(from, 'a number that is not finite, which JSON has no word for')
    if (!Number.isSafeInteger(value) && losesDigits(source, value)) {
      this.#source.refuse(from, 'an integer beyond 2^53 that would lose digits; write it in quotes')
    }
    return value
  }
}

const startOf = (node: Node): number => node.range?.[0] ?? 0
