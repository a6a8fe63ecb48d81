import type { Command } from '../command.ts'

const FORMATS = ['json', 'yaml', 'toml', 'ini', 'env', 'properties'] as const

const AT = {
  name: 'at',
  value: 'REF',
  summary: 'as it was at a version: 42, a tag, baseline, latest~3, @2026-11-01T12:00:00Z',
}
const REVEAL = { name: 'reveal', summary: 'show secrets' }

export const FORMAT = { name: 'format', value: 'NAME', choices: FORMATS, summary: 'print it as a file of this format' }

/** Pages by the last row: the flags that list commands share. */
export const PAGING = [
  { name: 'limit', value: 'N', isInteger: true, summary: 'at most so many, 1 to 1000; 50 unless told otherwise' },
  { name: 'cursor', value: 'CURSOR', summary: 'go on where the page before said it ends' },
]

export const SEE: readonly Command[] = [
  {
    name: 'get',
    group: 'See and explain',
    summary: 'Print the effective value of a key, a section or everything',
    details: [
      'A key prints its value alone. A section prints one line per key that "holdfast set" would take.',
      'With --format, json and yaml print the value alone; toml, ini, env and properties keep the section it stands in. Secrets are concealed unless --reveal is said.',
    ],
    arguments: [{ name: 'PATH', isOptional: true, completes: 'path' }],
    options: [AT, FORMAT, REVEAL],
    examples: [
      ['holdfast get server.port', 'one value'],
      ['holdfast get server', 'a section'],
      ['holdfast get --format ini > app.ini', 'the whole as a file'],
      ['holdfast get server.port --at baseline', 'what it was'],
    ],
    load: () => import('../commands/get.ts'),
  },
  {
    name: 'explain',
    group: 'See and explain',
    summary: 'Tell why a key has its value, since when and by whom',
    arguments: [{ name: 'PATH', completes: 'path' }],
    options: [AT, REVEAL],
    examples: [
      ['holdfast explain server.port', 'the whole story of one key'],
      ['holdfast explain server.port --at release-7', 'the story as it was then'],
    ],
    load: () => import('../commands/explain.ts'),
  },
  {
    name: 'blame',
    group: 'See and explain',
    summary: 'List who set each key last, and where it comes from',
    arguments: [{ name: 'SECTION', isOptional: true, completes: 'section' }],
    options: [],
    examples: [
      ['holdfast blame server', 'each key of a section'],
      ['holdfast blame --json', 'everything, for a program'],
    ],
    load: () => import('../commands/blame.ts'),
  },
  {
    name: 'drift',
    group: 'See and explain',
    summary: 'Show where what is in effect differs from what was meant',
    details: [
      'An override is intentional; stale, where its base has moved since it was set; redundant, where it equals its base; or orphaned, where the base no longer has its key.',
      'With --json: { section: { key: [base, override] } }, null for a missing side. --detail gives the list of entries instead, and people more of each.',
    ],
    arguments: [{ name: 'SECTION', isOptional: true, completes: 'section' }],
    options: [
      {
        name: 'kind',
        value: 'KIND',
        choices: ['override', 'baseline', 'instance'],
        summary: 'override against base, effective against baseline, or what processes run',
      },
      { name: 'exit-code', summary: 'exit with 2 where something differs' },
      { name: 'detail', summary: 'when, by whom and why' },
    ],
    examples: [
      ['holdfast drift', 'every override that differs'],
      ['holdfast drift --kind baseline', 'what changed since the baseline'],
      ['holdfast drift --kind instance', 'which keys processes still run otherwise'],
      ['holdfast drift --exit-code -q', 'fail a pipeline when there is drift'],
    ],
    load: () => import('../commands/drift.ts'),
  },
  {
    name: 'instances',
    group: 'See and explain',
    summary: 'List which processes run which version, and what waits for a restart',
    details: [
      'A process that connects to the server tells which version it uses. It is gone when it was silent for 90 seconds, and forgotten after a day.',
    ],
    arguments: [],
    options: [],
    examples: [
      ['holdfast instances', 'who is behind, and since when'],
      ['holdfast instances --json', 'for a program'],
    ],
    load: () => import('../commands/instances.ts'),
  },
  {
    name: 'history',
    group: 'See and explain',
    summary: 'List what was changed, when, by whom and why; newest first',
    details: ['A time is 2026-11-01, 2026-11-01T12:00:00Z, or how long ago: 90d, 12h, 30m.'],
    arguments: [],
    options: [
      { name: 'section', value: 'NAME', summary: 'only this section' },
      { name: 'key', value: 'KEY', summary: 'only this key of a section' },
      { name: 'by', value: 'NAME', summary: 'only changes by this person or source' },
      { name: 'since', value: 'TIME', summary: 'from this time on' },
      { name: 'until', value: 'TIME', summary: 'before this time' },
      ...PAGING,
    ],
    examples: [
      ['holdfast history --since 7d', 'the last week'],
      ['holdfast history --section server --key port', 'one key'],
      ['holdfast history --by alice --json', 'for a program'],
    ],
    load: () => import('../commands/history.ts'),
  },
  {
    name: 'validate',
    group: 'See and explain',
    summary: 'Check what is in effect, or what a change would make',
    details: ['Exits with 3 where it is not valid. Nothing is changed.'],
    arguments: [{ name: 'PATH=VALUE', isOptional: true, isMany: true, completes: 'assignment' }],
    options: [],
    examples: [
      ['holdfast validate', 'what is in effect now'],
      ['holdfast validate server.port=99999', 'what would be'],
    ],
    load: () => import('../commands/validate.ts'),
  },
  {
    name: 'watch',
    group: 'See and explain',
    summary: 'Print one line for each change until stopped',
    details: ['With --json each line is one JSON document (JSON Lines).'],
    arguments: [],
    options: [
      { name: 'since', value: 'N', isInteger: true, summary: 'begin after this version, with what was missed' },
    ],
    examples: [
      ['holdfast watch', 'from now on'],
      ['holdfast watch --since 41 --json', 'every change after version 41, for a program'],
    ],
    load: () => import('../commands/watch.ts'),
  },
]
