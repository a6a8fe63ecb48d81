import { AUDIT_EVENTS } from '../../src/model/access.ts'
import { PATHS, type RouteName } from '../../src/wire/paths.ts'
import { ROUTES } from '../../src/wire/routes.ts'
import type { Sent } from './canary-asking.ts'

/** What there is to be named, and what there is not. */
export interface Facts {
  readonly ns: string
  /** As printed: `""` for what is outside any section. */
  readonly sections: readonly string[]
  /** Section and key, both as printed. */
  readonly keys: readonly (readonly [string, string])[]
  readonly refs: readonly string[]
  readonly tags: readonly string[]
  readonly names: readonly string[]
  readonly instances: readonly string[]
  readonly tokens: readonly string[]
  readonly webhooks: readonly string[]
  readonly deliveries: readonly string[]
  readonly schedules: readonly string[]
  readonly backups: readonly string[]
  /** Bodies of the routes that take one; the others are sent as documented. */
  readonly bodies: Readonly<Partial<Record<RouteName, readonly object[]>>>
}

/** Every request to a route: each address that the facts make, each value of each option alone and those of reads together, each body. */
export function requestsTo(name: RouteName, facts: Facts): readonly Sent[] {
  const [method] = PATHS[name]
  const queries = queriesOf(name, facts)
  const bodies = bodiesOf(name, facts)
  return addressesOf(name, facts).flatMap((path) =>
    queries.flatMap((query) =>
      bodies.map((body) => ({
        method,
        path: query === '' ? path : `${path}?${query}`,
        ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      })),
    ),
  )
}

function addressesOf(name: RouteName, facts: Facts): readonly string[] {
  const [, template] = PATHS[name]
  const isKeyed = template.includes('{key}')
  const sets: readonly Readonly<Record<string, string>>[] = isKeyed
    ? facts.keys.map(([section, key]) => ({ section, key }))
    : template.includes('{section}')
      ? facts.sections.map((section) => ({ section }))
      : [{}]
  const others = ['ref', 'tag', 'id', 'delivery', 'name', 'code'].filter((one) => template.includes(`{${one}}`))
  let all = sets
  for (const one of others)
    all = all.flatMap((set) => valuesOf(one, name, facts).map((value) => ({ ...set, [one]: value })))
  return all.map((set) =>
    template.replace(/\{(\w+)\}/g, (_, parameter: string) =>
      encodeURIComponent(parameter === 'ns' ? facts.ns : set[parameter]!),
    ),
  )
}

function valuesOf(parameter: string, name: RouteName, facts: Facts): readonly string[] {
  if (parameter === 'ref') return facts.refs
  if (parameter === 'tag') return facts.tags
  if (parameter === 'delivery') return facts.deliveries
  if (parameter === 'code') return ['invalid', 'none']
  if (parameter === 'name') return name === 'runSchedule' ? facts.schedules : facts.backups
  if (name === 'reportInstance') return facts.instances
  return name.includes('Token') ? facts.tokens : facts.webhooks
}

type Rule = { readonly type?: string; readonly enum?: readonly string[] }

/** None, each option alone, and options of reads in pairs. */
function queriesOf(name: RouteName, facts: Facts): readonly string[] {
  if (name === 'compare') return comparisons(facts)
  const { query } = ROUTES[name]
  const options = Object.entries((query?.properties ?? {}) as Readonly<Record<string, Rule>>).flatMap(
    ([option, rule]) =>
      optionValues(option, rule, name, facts).map(
        (value) => [option, `${option}=${encodeURIComponent(value)}`] as const,
      ),
  )
  const isRead = ['readConfig', 'readSection', 'readKey', 'readSnapshot'].includes(name)
  const pairs = options.flatMap(([a, one], i) =>
    options.slice(i + 1).flatMap(([b, other]) => (isRead && a !== b && b !== 'wait' ? [`${one}&${other}`] : [])),
  )
  return ['', ...options.map(([, one]) => one), ...pairs]
}

function comparisons({ refs }: Facts): readonly string[] {
  const some = refs.slice(0, 4)
  return some.flatMap((from) =>
    some.flatMap((to) =>
      ['', '&format=json-patch'].map((more) => `from=${encodeURIComponent(from)}&to=${encodeURIComponent(to)}${more}`),
    ),
  )
}

function optionValues(option: string, rule: Rule, name: RouteName, facts: Facts): readonly string[] {
  switch (option) {
    case 'at':
      return facts.refs
    case 'section':
      return facts.sections
    case 'key':
      return facts.keys.map(([, key]) => key)
    case 'by':
    case 'who':
      return facts.names
    case 'tokenId':
      return facts.tokens
    case 'sourceIp':
      return ['127.0.0.1']
    case 'namespace':
      return [facts.ns]
    case 'event':
      return AUDIT_EVENTS
    case 'wait':
      return ['1ms']
    case 'since':
      return name === 'watch' || name === 'readConfig' ? ['0', '1'] : ['2020-01-01T00:00:00Z']
    case 'until':
      return ['2099-01-01T00:00:00Z']
    case 'min':
      return ['1']
    case 'limit':
      return ['1', '1000']
    case 'cursor':
      return ['2', '1000000']
    case 'reason':
    case 'comment':
      return ['why']
    case 'ifVersion':
      return ['1']
    default:
      return rule.enum ?? ['true']
  }
}

function bodiesOf(name: RouteName, facts: Facts): readonly (object | undefined)[] {
  if (ROUTES[name].body === undefined) return [undefined]
  return facts.bodies[name] ?? [(ROUTES[name].example ?? {}) as object]
}
