import type { Ajv2020 } from 'ajv/dist/2020.js'
import type { AnySchema, DataValidateFunction, ErrorObject, ValidateFunction } from 'ajv/dist/types/index.js'
import { canonical } from '../model/canonical.ts'
import { equal, type Tree, type Value } from '../model/value.ts'
import { loadFormats } from './formats.ts'
import type { PatternEngine } from './patterns.ts'
import { COST, type Prepared } from './schema-prepare.ts'
import { type Surroundings, unevaluatedIndexes, unevaluatedKeys } from './unevaluated.ts'

/** One finding of ajv, with the schema and the value it is about. */
export type Finding = ErrorObject

/** Steps that one check may take; a step is some tens of nanoseconds. */
const MOST_STEPS = 20_000_000
const NAME = 'holdfast:schema'

/** Thrown inside a check that takes too many steps. */
export class Exhausted extends Error {}

/** Runs a prepared schema. */
export interface Runner {
  run(tree: Tree): readonly Finding[]
  /** What one branch (`{ $ref }` of a prepared schema) finds in a value that stands at `instancePath`. */
  runBranch(ref: string, value: unknown, instancePath: string): readonly Finding[]
}

export async function buildRunner(prepared: Prepared, engine: PatternEngine): Promise<Runner> {
  const work = new Work()
  const patterns = countedPatterns(work, engine)
  const functions = new Map<string, ValidateFunction>()
  const runBranch = (ref: string, value: unknown, instancePath: string): readonly Finding[] => {
    const branch = functions.get(ref) ?? ajv.getSchema(NAME + ref)!
    functions.set(ref, branch)
    return check(branch, value, instancePath)
  }
  const around: Around = {
    definition: (ref) => prepared.schema.$defs[ref.slice('#/$defs/'.length)] as Tree,
    passes: (ref, value) => runBranch(ref, value, '').length === 0,
    matches: (pattern, text) => patterns(pattern).test(text),
    runBranch,
  }
  const ajv = await createAjv(work, patterns, around)
  ajv.addSchema(prepared.schema as AnySchema, NAME)
  const whole = ajv.getSchema(NAME)!
  return {
    run(tree) {
      work.begin()
      return check(whole, tree, '')
    },
    runBranch,
  }
}

type Around = Surroundings & Pick<Runner, 'runBranch'>

function check(validate: ValidateFunction, value: unknown, instancePath: string): readonly Finding[] {
  const at = { instancePath, parentData: {}, parentDataProperty: '', rootData: {}, dynamicAnchors: {} }
  return validate(value, at as Parameters<ValidateFunction>[1]) ? [] : [...validate.errors!]
}

class Work {
  #left = MOST_STEPS

  begin(): void {
    this.#left = MOST_STEPS
  }

  /** Always true, as the keyword that calls it always holds. */
  spend(steps: number): true {
    this.#left -= steps
    if (this.#left < 0) throw new Exhausted()
    return true
  }
}

async function createAjv(work: Work, regExp: CountedPatterns, around: Around): Promise<Ajv2020> {
  const { Ajv2020: Ajv } = (await import('ajv/dist/2020.js')).default
  const ajv = new Ajv({
    strict: false,
    allErrors: true,
    verbose: true,
    messages: false,
    meta: false,
    validateSchema: false,
    addUsedSchema: false,
    allowUnionTypes: true,
    ownProperties: true,
    inlineRefs: false,
    multipleOfPrecision: 9,
    logger: false,
    code: { optimize: false, regExp, process: mended },
  })
  for (const [name, format] of await loadFormats()) ajv.addFormat(name, format as never)
  // Its own tracking of evaluated keys takes `constructor` for one and fails on some conditions; `unevaluated.ts` does it instead.
  ajv.opts.unevaluated = false
  replaceKeywords(ajv, work)
  addUnevaluated(ajv, around)
  return ajv
}

type CountedPatterns = ReturnType<typeof countedPatterns>

function countedPatterns(work: Work, engine: PatternEngine) {
  const compile = (source: string) => {
    const { test, size } = engine(source)
    return {
      test(text: string): boolean {
        work.spend(1 + ((text.length * size) >>> 3))
        return test(text)
      },
      toString: () => `/${source}/u`,
    }
  }
  return Object.assign(compile, { code: 'holdfast:regExp' })
}

/** ajv compares by `constructor` and `valueOf`, which are ordinary keys here, and looks for duplicates in quadratic time. */
function replaceKeywords(ajv: Ajv2020, work: Work): void {
  for (const keyword of ['const', 'enum', 'uniqueItems']) ajv.removeKeyword(keyword)
  ajv.addKeyword({ keyword: 'const', compile: (only: Value) => (value: Value) => equal(only, value) })
  ajv.addKeyword({ keyword: 'enum', schemaType: 'array', compile: oneOfThese })
  ajv.addKeyword({ keyword: 'uniqueItems', type: 'array', schemaType: 'boolean', compile: areDistinct })
  ajv.addKeyword({ keyword: COST, schemaType: 'number', compile: (steps: number) => () => work.spend(steps) })
}

/** Both keywords with findings of their own: one for each key, or what the schema for such keys finds in each. */
function addUnevaluated(ajv: Ajv2020, around: Around): void {
  const kinds = [
    ['unevaluatedProperties', 'object', unevaluatedKeys],
    ['unevaluatedItems', 'array', unevaluatedIndexes],
  ] as const
  for (const [keyword, type, unevaluated] of kinds) {
    const compile = (rest: Rest, parent: unknown) => {
      const validate: DataValidateFunction = (data: Record<string | number, unknown>, context) => {
        const findings = unevaluated(parent as Tree, data as never, around).flatMap((name) => {
          const at = `${context!.instancePath}/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`
          const found = typeof rest === 'boolean' ? undefined : around.runBranch(rest.$ref, data[name], at)
          const isFine = found ? found.length === 0 : rest === true
          return isFine
            ? []
            : [
                {
                  keyword,
                  instancePath: context!.instancePath,
                  params: { name, found },
                  parentSchema: parent as object,
                },
              ]
        })
        validate.errors = findings
        return findings.length === 0
      }
      return validate
    }
    ajv.removeKeyword(keyword)
    ajv.addKeyword({ keyword, type, schemaType: ['boolean', 'object'], errors: 'full', compile })
  }
}

type Rest = boolean | { readonly $ref: string }

function oneOfThese(values: readonly Value[]): (value: Value) => boolean {
  const scalars = new Set(values.filter((item) => typeof item !== 'object' || item === null))
  const others = values.filter((item) => typeof item === 'object' && item !== null)
  return (value) => scalars.has(value as never) || others.some((item) => equal(item, value))
}

function areDistinct(isAsked: boolean): (items: readonly Value[]) => boolean {
  return (items) => !isAsked || new Set(items.map(canonical)).size === items.length
}

/** Makes the code ajv writes add findings in place, outside its strings: many of them would cost the square of their number. */
function mended(code: string): string {
  return code.replace(/"(?:[^"\\]|\\.)*"|\bvErrors\.concat\((\w+\.errors)\)/g, (all, errors?: string) =>
    errors === undefined ? all : `(${errors}.forEach((e)=>vErrors.push(e)),vErrors)`,
  )
}
