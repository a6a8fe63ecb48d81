import type { FastifyInstance } from 'fastify'
import type { Config, ValidationResult } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import { toSectionKey } from '../model/path.ts'
import { isTree, type Value } from '../model/value.ts'
import { type Call, configOf, type Handlers, register } from './call.ts'
import { change, changed, onceKey, refuseMatch, settingOf, unsetting } from './changing.ts'
import type { Context } from './context.ts'
import { pathOf } from './reading.ts'

/** What changes the configuration, and what looks at changes. */
export function registerChanges(app: FastifyInstance, context: Context): void {
  register(app, context, CHANGES)
}

type Names = 'change' | 'setOverride' | 'endOverride' | 'validate' | 'restore' | 'revert' | 'reloadSources'

const CHANGES: Handlers<Names> = {
  change: (call) => change(call, call.body),
  setOverride: (call) => {
    const { value, ...rest } = call.body
    return change(call, { set: settingOf(pathOf(call.params), value as Value), ...rest })
  },
  endOverride: (call) => change(call, { ...unsetting(pathOf(call.params)), ...call.query }),
  async validate(call) {
    const config = await configOf(call)
    const { set, unset, mask } = call.body
    const isWhole = set === undefined && unset === undefined && mask === undefined
    return { json: isWhole ? await config.validate() : await validateChange(config, call.body) }
  },
  async restore(call) {
    refuseMatch(call.request)
    const config = await configOf(call)
    return changed(
      call.params.ns,
      await config.versions.restore(call.params.ref, { ...call.body, ...onceKey(call.request) }),
    )
  },
  async revert(call) {
    refuseMatch(call.request)
    const config = await configOf(call)
    return changed(
      call.params.ns,
      await config.versions.revert(call.params.ref, { ...call.body, ...onceKey(call.request) }),
    )
  },
  async reloadSources(call) {
    return { json: await (await configOf(call)).reload() }
  },
}

/** What would be found about a change: of one key as a reader may ask, of more as who would make it. */
async function validateChange(config: Config, wanted: Call<'validate'>['body']): Promise<ValidationResult> {
  const one = onlyKey(wanted)
  if (one !== undefined) return config.validateChange(one.section, one.key, one.value)
  try {
    await config.change({ ...wanted, dryRun: true })
    return { valid: true, issues: [] }
  } catch (error) {
    if (HoldfastError.is(error, 'invalid')) return { valid: false, issues: error.details.issues }
    throw error
  }
}

function onlyKey({ set = {}, unset, mask, isText }: Call<'validate'>['body']) {
  const [first, ...more] = Object.entries(set)
  if (first === undefined || more.length > 0 || unset !== undefined || mask !== undefined || isText) return undefined
  const [section, values] = first
  if (!isTree(values)) return undefined
  const [entry, ...others] = Object.entries(values)
  if (entry === undefined || others.length > 0) return undefined
  const path = section === '' ? [entry[0]] : [section, entry[0]]
  return { ...toSectionKey(path), value: entry[1] }
}
