import type { Command } from '../command.ts'

const WHY = [
  { name: 'reason', value: 'TEXT', summary: 'why; it stands in the history' },
  { name: 'comment', value: 'TEXT', summary: 'more about it, kept with the override' },
]
const GUARDED = [
  { name: 'if-version', value: 'N', isInteger: true, summary: 'only if N is still the current version (else exit 4)' },
  { name: 'dry-run', summary: 'show what would change, and change nothing' },
]

export const CHANGE: readonly Command[] = [
  {
    name: 'init',
    group: 'Change',
    summary: 'Write holdfast.yaml and make the store, with a baseline',
    details: ['Where holdfast.yaml is there already, as in a fresh clone, init creates the store that it describes.'],
    arguments: [],
    options: [],
    examples: [
      ['holdfast init --source config/tacacs.conf', 'one file as the base'],
      ['holdfast init --source app.ini --schema app.schema.json', 'with rules'],
      ['holdfast init --source app.ini --source env:APP_ -n app-prod', 'file, then environment'],
    ],
    load: () => import('../commands/init.ts'),
  },
  {
    name: 'set',
    group: 'Change',
    summary: 'Override keys, all of them or none',
    details: [
      'The schema tells what type a value has; without one, text that reads as a number, true or false becomes that. --type says it aloud for all values.',
      'PATH=@FILE reads the value from a file and PATH=@- from standard input, so that a secret stands neither in the history of the shell nor in the list of processes. A value that begins with @ is written @@.',
    ],
    arguments: [{ name: 'PATH=VALUE', isMany: true, completes: 'assignment' }],
    options: [
      ...WHY,
      {
        name: 'type',
        value: 'TYPE',
        choices: ['string', 'integer', 'float', 'boolean', 'json', 'list', 'null'],
        summary: 'what the values are',
      },
      ...GUARDED,
    ],
    examples: [
      ["holdfast set server.port=5050 --reason 'load balancer'", 'one key'],
      ['holdfast set auth.backends=ldap,local auth.cache_ttl=300', 'two keys in one change'],
      ['holdfast set ldap.bind_password=@- < password.txt', 'a secret from standard input'],
      ['holdfast set \'upstreams."api.example.com".weight=5\' --dry-run', 'a quoted segment, only tried'],
    ],
    load: () => import('../commands/set.ts'),
  },
  {
    name: 'unset',
    group: 'Change',
    summary: 'End overrides, so that the base shows again',
    details: ['The path of a section ends all overrides of it.'],
    arguments: [{ name: 'PATH', isMany: true, completes: 'path' }],
    options: [...WHY, ...GUARDED],
    examples: [
      ['holdfast unset server.port', 'one key'],
      ["holdfast unset server --reason 'maintenance is over'", 'a whole section'],
    ],
    load: () => import('../commands/unset.ts'),
  },
  {
    name: 'mask',
    group: 'Change',
    summary: 'Take keys of the base away, until they are unset',
    arguments: [{ name: 'PATH', isMany: true, completes: 'path' }],
    options: [...WHY, ...GUARDED],
    examples: [
      ["holdfast mask auth.fallback --reason 'audit finding 12'", 'the key is gone for the service'],
      ['holdfast unset auth.fallback', 'it is back'],
    ],
    load: () => import('../commands/mask.ts'),
  },
  {
    name: 'restore',
    group: 'Change',
    summary: 'Make the configuration equal to what it was at a version',
    details: [
      'Mode effective makes the whole configuration equal, masking keys the base has gained. Mode overrides puts back only the set of overrides, over the base as it is now.',
    ],
    arguments: [{ name: 'REF', completes: 'version' }],
    options: [
      ...WHY,
      { name: 'mode', value: 'MODE', choices: ['effective', 'overrides'], summary: 'how much is restored' },
      { name: 'section', value: 'NAME', isMany: true, summary: 'only this section; repeat it for more' },
      { name: 'path', value: 'PATH', isMany: true, summary: 'only this key, or what is below it; repeat it for more' },
      ...GUARDED,
    ],
    examples: [
      ['holdfast restore baseline', 'back to what was meant'],
      ['holdfast restore 41 --dry-run', 'see what it would change'],
      ["holdfast restore release-7 --section server --reason 'rollback'", 'one section'],
    ],
    load: () => import('../commands/restore.ts'),
  },
  {
    name: 'revert',
    group: 'Change',
    summary: 'Undo the changes of one version and keep later ones',
    details: ['Where a later version changed the same key, nothing is undone and the exit status is 4.'],
    arguments: [{ name: 'VERSION', completes: 'version' }],
    options: [...WHY, ...GUARDED],
    examples: [
      ["holdfast revert 42 --reason 'broke logins'", 'undo version 42'],
      ['holdfast revert latest --dry-run', 'see what undoing the last one would do'],
    ],
    load: () => import('../commands/revert.ts'),
  },
]
