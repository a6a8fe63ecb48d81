import { onTestFinished } from 'vitest'
import { openService, type Service, type ServiceOptions } from '../../src/engine/service.ts'
import type { Config, HoldfastError } from '../../src/index.ts'
import type { Grant, Principal } from '../../src/model/principal.ts'
import { quiet, STORE } from './helpers.ts'

/** Opens a service on a store in `directory` and closes it after the test. */
export async function serve(directory: string, options: ServiceOptions = {}): Promise<Service> {
  const service = await openService({ directory, store: STORE, environment: {}, log: quiet, ...options })
  onTestFinished(() => service[Symbol.asyncDispose]())
  return service
}

/** Somebody who came with a token that has these grants. */
export function bearer(name: string, ...grants: readonly Grant[]): Principal {
  return { name, tokenId: `id-of-${name}`, sourceIp: '192.0.2.1', grants }
}

export const ROOT = bearer('root', { actions: ['admin'], namespaces: ['*'] })

/** What a call gave: its result, or what its refusal says in every form. */
export async function told(call: () => unknown): Promise<unknown> {
  try {
    return await call()
  } catch (error) {
    const { code, message, details, cause } = error as HoldfastError
    return { code, message, details, cause: String(cause) }
  }
}

/** Every call of a `Config`, about each of `paths` where a path is asked for. */
export function everyCall(config: Config, paths: readonly string[]): readonly (readonly [string, () => unknown])[] {
  const about = paths.flatMap((path): readonly (readonly [string, () => unknown])[] => {
    const [section = '', key = ''] = path.split('.')
    return [
      [`get ${path}`, () => config.get(path)],
      [`has ${path}`, () => config.has(path)],
      [`items ${section}`, () => config.items(section)],
      [`isOverridden ${path}`, () => config.isOverridden(section, key)],
      [`detectDrift ${section}`, () => config.detectDrift(section)],
      [`explain ${path}`, () => config.explain(path)],
      [`explain ${section}`, () => config.explain(section)],
      [`explain ${path} at 1`, () => config.explain(path, { at: 1 })],
      [`explain ${path} revealed`, () => config.explain(path, { reveal: true })],
      [`blame ${section}`, () => config.blame(section)],
      ...(['override', 'baseline', 'instance'] as const).map(
        (kind) => [`drift ${kind} ${section}`, () => config.drift({ kind, section })] as const,
      ),
      [`history of ${path}`, () => config.history({ section, key })],
      [`history of ${section}`, () => config.history({ section })],
      [`history of key ${key}`, () => config.history({ key })],
      [`validateChange ${path}`, () => config.validateChange(section, key, [])],
      [`at 1 ${path}`, async () => (await config.at(1)).get(path)],
      [`at 1 items ${section}`, async () => (await config.at(1)).items(section)],
      [`set ${path}`, () => config.update(section, { [key]: { nested: true } }, { reason: 'r' })],
      [`set ${path} dry`, () => config.change({ set: { [section]: { [key]: 'x' } }, dryRun: true })],
      [`unset ${path} dry`, () => config.change({ unset: [path], dryRun: true })],
      [`mask ${path} dry`, () => config.change({ mask: [path, section], dryRun: true })],
      [`restore ${section}`, () => config.versions.restore(1, { sections: [section], dryRun: true })],
    ]
  })
  return [...about, ...wholeCalls(config)]
}

function wholeCalls(config: Config): readonly (readonly [string, () => unknown])[] {
  const { versions } = config
  return [
    ['version', () => config.version],
    ['sources', () => config.sources],
    ['sections', () => config.sections()],
    ['items outside', () => config.items('')],
    ['toJSON', () => config.toJSON()],
    ['toJSON concealed', () => config.toJSON({ reveal: false })],
    ['detectDrift', () => config.detectDrift()],
    ['validate', () => config.validate()],
    ['blame', () => config.blame()],
    ['blame outside', () => config.blame('')],
    ['drift', () => config.drift()],
    ['drift of the baseline', () => config.drift({ kind: 'baseline' })],
    ['drift of instances', () => config.drift({ kind: 'instance' })],
    ['history', () => config.history()],
    ['history in small pages', () => config.history({ limit: 1 })],
    ['history outside', () => config.history({ section: '' })],
    ['history by', () => config.history({ by: 'root' })],
    ['instances', () => config.instances()],
    ['reload', () => config.reload()],
    ['at latest', async () => (await config.at('latest')).toJSON()],
    ['at 1', async () => (await config.at(1)).toJSON()],
    ['at 1 concealed', async () => (await config.at(1)).toJSON({ reveal: false })],
    ['at 1 drift', async () => (await config.at(1)).detectDrift()],
    ['at latest overridden', async () => (await config.at('latest')).overridden()],
    ['versions.list', () => versions.list()],
    ['versions.get', () => versions.get('baseline')],
    ['versions.get none', () => versions.get(999)],
    ['versions.compare', () => versions.compare(1, 'latest')],
    ['versions.create', () => versions.create({ description: 'd' })],
    ['versions.tag', () => versions.tag(1, 'tag')],
    ['versions.untag', () => versions.untag('release')],
    ['versions.baseline', () => versions.baseline(1)],
    ['versions.restore dry', () => versions.restore(1, { dryRun: true })],
    ['versions.restore', () => versions.restore(1)],
    ['versions.restore overrides', () => versions.restore(1, { mode: 'overrides', dryRun: true })],
    ['versions.revert', () => versions.revert(3, { dryRun: true })],
    ['versions.revert of a later change', () => versions.revert(2, { dryRun: true })],
    ['watch', () => firstEvents(config, 2)],
  ]
}

async function firstEvents(config: Config, count: number): Promise<readonly unknown[]> {
  const found: unknown[] = []
  for await (const event of config.watch({ since: 0 })) {
    found.push(event)
    if (found.length === count) break
  }
  return found
}
