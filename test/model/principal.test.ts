import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ACTIONS,
  authorise,
  authorisePath,
  authoriseStore,
  authoriseWhole,
  type Grant,
  localPrincipal,
  matches,
  type Principal,
  reachOf,
} from '../../src/model/principal.ts'

const principal = (...grants: readonly Grant[]): Principal => ({ name: 'p', tokenId: 't', grants, sourceIp: null })
const forbidden = expect.objectContaining({ code: 'forbidden' })

const names = fc.constantFrom('prod', 'prod-eu', 'test', 'server', 'auth', 'serv', '__proto__', 'constructor')
const patterns = fc.oneof(
  names,
  names.map((name) => `${name.slice(0, 3)}*`),
  fc.constant('*'),
)
const grants: fc.Arbitrary<Grant> = fc
  .record({
    actions: fc.uniqueArray(fc.constantFrom(...ACTIONS), { minLength: 1 }),
    namespaces: fc.array(patterns, { minLength: 1, maxLength: 3 }),
    sections: fc.option(fc.array(patterns, { minLength: 1, maxLength: 3 })),
  })
  .map(({ sections, ...rest }) => ({ ...rest, ...(sections && { sections }) }))
const all = fc.array(grants, { maxLength: 4 })
const actions = fc.constantFrom(...ACTIONS)

describe('a principal', () => {
  const reader = principal({ actions: ['config:read'], namespaces: ['prod'] })

  it('may do what it was given, where it was given', () => {
    expect(authorise(reader, 'config:read', 'prod').isWhole).toBe(true)
    expect(() => authorise(reader, 'config:write', 'prod')).toThrow(
      expect.objectContaining({ code: 'forbidden', details: { action: 'config:write', namespace: 'prod' } }),
    )
    expect(() => authorise(reader, 'config:read', 'test')).toThrow(forbidden)
    expect(() => authorise(principal(), 'config:read', 'prod')).toThrow(forbidden)
  })

  it('may do everything as administrator, but only where it is one', () => {
    const admin = principal({ actions: ['admin'], namespaces: ['prod'] })
    for (const action of ACTIONS) expect(authorise(admin, action, 'prod').isWhole).toBe(true)
    expect(() => authorise(admin, 'secrets:read', 'test')).toThrow(forbidden)
    expect(() => authoriseStore(admin, 'admin')).toThrow(forbidden)
    expect(() => authoriseStore(localPrincipal('me'), 'admin')).not.toThrow()
  })

  it('reaches the sections it was given and no others, whatever they are called', () => {
    const some = principal({ actions: ['config:read'], namespaces: ['prod'], sections: ['server', 'up*'] })
    const reach = authorise(some, 'config:read', 'prod')
    expect(['server', 'upstreams', 'up', 'serve', 'servers', '', '__proto__'].map(reach.has)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ])
    expect(() => authorisePath(some, 'config:read', 'prod', ['upstreams', 'x'])).not.toThrow()
    expect(() => authorisePath(some, 'config:read', 'prod', ['auth', 'server'])).toThrow(forbidden)
    expect(() => authoriseWhole(some, 'config:read', 'prod')).toThrow(forbidden)
  })

  it('is refused in words that do not tell whether the section is there', () => {
    const some = principal({ actions: ['config:read'], namespaces: ['prod'], sections: ['server'] })
    expect(() => authorisePath(some, 'config:read', 'prod', ['auth', 'key'])).toThrow(
      'p may not config:read in section "auth" of namespace prod',
    )
  })

  it('with a grant for every section of some namespaces has no right to the whole store', () => {
    const wide = principal({ actions: ['admin'], namespaces: ['a*', 'b*'] })
    expect(() => authoriseStore(wide, 'admin')).toThrow(forbidden)
    const narrow = principal({ actions: ['admin'], namespaces: ['*'], sections: ['server'] })
    expect(() => authoriseStore(narrow, 'admin')).toThrow(forbidden)
  })
})

describe('the reach of any grants', () => {
  it('has a section exactly where one of them gives it', () => {
    fc.assert(
      fc.property(all, actions, names, names, (given, action, namespace, section) => {
        const meant = given.some(
          (grant) =>
            (grant.actions.includes(action) || grant.actions.includes('admin')) &&
            grant.namespaces.some((pattern) => matches(pattern, namespace)) &&
            (grant.sections ?? ['*']).some((pattern) => matches(pattern, section)),
        )
        expect(reachOf(principal(...given), action, namespace)?.has(section) ?? false).toBe(meant)
      }),
    )
  })

  it('never grows when a grant is taken away', () => {
    fc.assert(
      fc.property(all, actions, names, names, (given, action, namespace, section) => {
        const before = reachOf(principal(...given), action, namespace)?.has(section) ?? false
        const after = reachOf(principal(...given.slice(1)), action, namespace)?.has(section) ?? false
        expect(!after || before).toBe(true)
      }),
    )
  })

  it('has one key for all who reach the same: order and repetition do not count', () => {
    fc.assert(
      fc.property(all, actions, names, (given, action, namespace) => {
        const one = reachOf(principal(...given), action, namespace)
        const other = reachOf(principal(...given.toReversed(), ...given), action, namespace)
        expect(other?.key).toBe(one?.key)
        expect(other?.isWhole).toBe(one?.isWhole)
      }),
    )
  })

  it('is refused by every check where it is nowhere', () => {
    fc.assert(
      fc.property(all, actions, names, names, (given, action, namespace, section) => {
        const who = principal(...given)
        fc.pre(reachOf(who, action, namespace) === undefined)
        expect(() => authorise(who, action, namespace)).toThrow(forbidden)
        expect(() => authorisePath(who, action, namespace, [section])).toThrow(forbidden)
        expect(() => authoriseWhole(who, action, namespace)).toThrow(forbidden)
      }),
    )
  })
})
