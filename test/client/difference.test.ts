import { expect, it } from 'vitest'
import { differenceOf } from '../../src/client/difference.ts'
import { snapshot } from './stranger.ts'

it('tells all that differs between two snapshots as one change, without secrets', () => {
  const before = snapshot(4, {
    config: { server: { port: 1, old: true }, ldap: { bind: 'hunter2' } },
    secrets: ['ldap.bind'],
  })
  const after = snapshot(9, {
    config: { server: { port: 2 }, ldap: { bind: 'hunter3', more: { key: 'hunter4' } } },
    secrets: ['ldap.bind', 'ldap.more'],
  })
  expect(differenceOf(before, after)).toEqual({
    version: after.version,
    reason: null,
    restartRequired: [],
    changes: [
      { operation: 'UPDATE', section: 'ldap', key: 'bind', oldValue: '••••••••', newValue: '••••••••' },
      { operation: 'CREATE', section: 'ldap', key: 'more.key', newValue: '••••••••' },
      { operation: 'DELETE', section: 'server', key: 'old', oldValue: true },
      { operation: 'UPDATE', section: 'server', key: 'port', oldValue: 1, newValue: 2 },
    ],
  })
})

it('tells nothing where nothing differs', () => {
  expect(differenceOf(snapshot(4), snapshot(9))).toBeUndefined()
})
