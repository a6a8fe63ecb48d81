import type { Command } from '../command.ts'
import { FORMAT, PAGING } from './see.ts'

export const VERSIONS: readonly Command[] = [
  {
    name: 'versions',
    group: 'Versions',
    summary: 'List the versions, newest first',
    arguments: [],
    options: [...PAGING],
    examples: [
      ['holdfast versions', 'the newest 50'],
      ['holdfast versions --limit 5 --json', 'for a program'],
    ],
    load: () => import('../commands/versions.ts'),
  },
  {
    name: 'show',
    group: 'Versions',
    summary: 'Print a version and the configuration it holds',
    details: ['--format prints the configuration alone.'],
    arguments: [{ name: 'REF', completes: 'version' }],
    options: [FORMAT],
    examples: [
      ['holdfast show baseline', 'what was meant'],
      ['holdfast show latest~1', 'the one before the current'],
      ['holdfast show @2026-11-01T12:00:00Z --format yaml', 'what was in force then, as YAML'],
    ],
    load: () => import('../commands/show.ts'),
  },
  {
    name: 'compare',
    group: 'Versions',
    summary: 'Show what changed from one version to another',
    arguments: [
      { name: 'A', completes: 'version' },
      { name: 'B', completes: 'version' },
    ],
    options: [
      {
        name: 'format',
        value: 'NAME',
        choices: ['text', 'json', 'json-patch'],
        summary: 'how to print it; json-patch is RFC 6902',
      },
      { name: 'exit-code', summary: 'exit with 2 where they differ' },
    ],
    examples: [
      ['holdfast compare baseline latest', 'all that changed since the baseline'],
      ['holdfast compare 41 42 --format json-patch', 'as a JSON Patch'],
      ['holdfast compare release-6 release-7 --exit-code -q', 'are they the same?'],
    ],
    load: () => import('../commands/compare.ts'),
  },
  {
    name: 'snapshot',
    group: 'Versions',
    summary: 'Make a version of what is in effect now, with a description',
    arguments: [],
    options: [
      { name: 'description', short: 'm', value: 'TEXT', summary: 'what it is for' },
      { name: 'baseline', summary: 'declare it the baseline' },
      { name: 'tag', value: 'NAME', isMany: true, summary: 'a name for it; repeat it for more' },
    ],
    examples: [
      ["holdfast snapshot -m 'before enabling LDAP' --tag pre-ldap", 'something to come back to'],
      ["holdfast snapshot --baseline -m 'agreed with audit'", 'this is what is meant'],
    ],
    load: () => import('../commands/snapshot.ts'),
  },
  {
    name: 'tag',
    group: 'Versions',
    summary: 'Give a version a name, or take the name away',
    arguments: [
      { name: 'REF', completes: 'version' },
      { name: 'NAME', completes: 'tag' },
    ],
    options: [{ name: 'delete', summary: 'take the name away from that version' }],
    examples: [
      ['holdfast tag latest release-7', 'name the current version'],
      ['holdfast tag release-7 release-7 --delete', 'take the name away'],
    ],
    load: () => import('../commands/tag.ts'),
  },
  {
    name: 'baseline',
    group: 'Versions',
    summary: 'Declare a version to be what is meant',
    arguments: [{ name: 'REF', completes: 'version' }],
    options: [],
    examples: [
      ['holdfast baseline latest', 'what is in effect now is what is meant'],
      ['holdfast baseline release-7', 'a tagged version'],
    ],
    load: () => import('../commands/baseline.ts'),
  },
]
