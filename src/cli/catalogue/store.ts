import type { Command } from '../command.ts'

const YES = { name: 'yes', summary: 'do not ask' }

export const STORE: readonly Command[] = [
  {
    name: 'verify',
    group: 'Care of the store',
    summary: 'Recompute every hash and find what was tampered with',
    details: [
      'Exits with 2 where something is wrong. A cut tail shows only against a head kept elsewhere: verify prints the heads, --expect-head takes one back.',
    ],
    arguments: [],
    options: [
      {
        name: 'expect-head',
        value: 'HASH',
        summary: 'the chain hash the namespace must have, or must have had; 8 digits or more',
      },
    ],
    examples: [
      ['holdfast verify', 'the whole store'],
      ['holdfast verify -n default --expect-head 3f9a01bc52d1', 'against a head from a backup'],
    ],
    load: () => import('../commands/verify.ts'),
  },
  {
    name: 'stats',
    group: 'Care of the store',
    summary: 'Show sizes, counts and the largest keys',
    arguments: [],
    options: [],
    examples: [
      ['holdfast stats', 'for people'],
      ['holdfast stats --json', 'for a program'],
    ],
    load: () => import('../commands/stats.ts'),
  },
  {
    name: 'purge',
    group: 'Care of the store',
    summary: 'Drop old history and versions',
    details: ['The newest version, the baseline and tagged versions always stay.'],
    arguments: [],
    options: [
      { name: 'older-than', value: 'AGE', summary: 'only what is older: 90d, 12w, 1y, or a date' },
      { name: 'keep', value: 'N', isInteger: true, summary: 'keep the newest N versions whatever their age' },
      { name: 'dry-run', summary: 'say what would go, and drop nothing' },
    ],
    examples: [
      ['holdfast purge --older-than 90d --keep 100 --dry-run', 'see first'],
      ['holdfast purge --older-than 90d --keep 100', 'then do it'],
    ],
    load: () => import('../commands/purge.ts'),
  },
  {
    name: 'backup',
    group: 'Care of the store',
    summary: 'Copy the store while others write; check a copy; put one back',
    details: [
      '--verify opens the copy, checks hashes and chain, and counts; it exits with 2 where something is wrong.',
      'The copy is one SQLite file, also of a store on PostgreSQL, and goes back into either.',
    ],
    arguments: [{ name: 'FILE', isOptional: true, completes: 'file' }],
    options: [
      { name: 'verify', value: 'FILE', summary: 'check this copy' },
      { name: 'restore', value: 'FILE', summary: 'put this copy in the place of the store, which is kept beside it' },
      YES,
    ],
    examples: [
      ['holdfast backup backups/monday.db', 'a copy'],
      ['holdfast backup --verify backups/monday.db', 'is it good?'],
      ['holdfast backup --restore backups/monday.db', 'go back to it'],
    ],
    load: () => import('../commands/backup.ts'),
  },
  {
    name: 'key',
    group: 'Care of the store',
    summary: 'List, rotate or prune the keys that secrets are encrypted under',
    details: [
      'rotate puts a new key in front of the key file and encrypts everything in force under it: a version in each namespace, which changes no value. Kept versions need the keys before; prune takes out those that nothing needs any more. No action ever shows a key.',
      'Where the keys come from HOLDFAST_KEY or a file that cannot be written here, generate writes them into FILE with a new one in front. When whatever gives the keys gives these, reseal does the rest.',
    ],
    arguments: [
      { name: 'ACTION', choices: ['list', 'rotate', 'reseal', 'prune', 'generate'] },
      { name: 'FILE', isOptional: true, completes: 'file' },
    ],
    options: [{ name: 'dry-run', summary: 'say what prune would take out, and leave it' }, YES],
    examples: [
      ['holdfast key list', 'which there are, and what needs them'],
      ['holdfast key rotate', 'a new key for what is in force'],
      ['holdfast key prune --dry-run', 'which could go'],
      ['holdfast key generate new.key', 'for a secret store or a variable'],
    ],
    load: () => import('../commands/key.ts'),
  },
  {
    name: 'migrate-store',
    group: 'Care of the store',
    summary: 'Move the store into another database while it is used',
    details: [
      'Copies while others write, checks the copy, then keeps writers out for a moment and switches. From then on FROM can only be read, and says where it has moved.',
      'TO is new or empty. Cut short, the same command goes on from there.',
    ],
    arguments: [
      { name: 'FROM', completes: 'file' },
      { name: 'TO', completes: 'file' },
    ],
    options: [
      { name: 'keep-source', summary: 'leave FROM in use: make a copy' },
      { name: 'no-verify', summary: 'do not recompute the hashes and the chain of the copy' },
    ],
    examples: [
      ['holdfast migrate-store old.db postgres://holdfast@db/holdfast', 'to PostgreSQL'],
      ['holdfast migrate-store postgres://holdfast@db/holdfast back.db', 'and back'],
      ['holdfast migrate-store old.db new.db --keep-source', 'a copy; old.db stays in use'],
    ],
    load: () => import('../commands/migrate-store.ts'),
  },
  {
    name: 'namespace',
    group: 'Care of the store',
    summary: 'List, create or delete namespaces',
    arguments: [
      { name: 'ACTION', choices: ['list', 'create', 'delete'] },
      { name: 'NAME', isOptional: true },
    ],
    options: [YES],
    examples: [
      ['holdfast namespace list', 'what the store has'],
      ['holdfast namespace create tacacs-prod', 'a new one, empty'],
      ['holdfast namespace delete tacacs-test', 'with all its versions, after asking'],
    ],
    load: () => import('../commands/namespace.ts'),
  },
  {
    name: 'schedules',
    group: 'Care of the store',
    summary: 'List timed work and how it ended last, or run one now',
    details: [
      'Timed work is the cron table "schedules:" of holdfast.yaml, done by holdfast serve: refresh-sources, check-drift, purge, backup, snapshot.',
    ],
    arguments: [
      { name: 'ACTION', isOptional: true, choices: ['list', 'run'] },
      { name: 'NAME', isOptional: true },
    ],
    options: [],
    examples: [
      ['holdfast schedules', 'when each ran last, how long, and how it ended'],
      ['holdfast schedules run nightly-backup', 'now; exits with 1 where it fails'],
    ],
    load: () => import('../commands/schedules.ts'),
  },
  {
    name: 'bench',
    group: 'Care of the store',
    summary: 'Measure changes, reads and watch delay of a store or a server',
    details: [
      'Works in a namespace that it makes and deletes (-n NAME: one that is not there yet); on a server that needs a token with admin for all namespaces. Each measure ends after --seconds or --count, whichever comes first.',
      'The versions it makes are deleted with the namespace; their numbers are not given again. docs/SIZING.md says what to make of the figures.',
    ],
    arguments: [],
    options: [
      { name: 'clients', value: 'N', isInteger: true, summary: 'how many change and read at once (default: 16)' },
      { name: 'watchers', value: 'N', isInteger: true, summary: 'how many are told of each change (default: 4)' },
      { name: 'seconds', value: 'T', isInteger: true, summary: 'the most that one measure takes (default: 3)' },
      {
        name: 'count',
        value: 'N',
        isInteger: true,
        summary:
          'the most operations of one measure (default: 5000, or 800 on a server, whose limit for a token they fit)',
      },
      { name: 'size', value: 'BYTES', isInteger: true, summary: 'the configuration it works with (default: 5000)' },
    ],
    examples: [
      ['holdfast bench', 'what this store and its disk can do'],
      ['holdfast bench --size 1000000 --clients 64 --seconds 10', 'as large and as busy as yours'],
      ['holdfast bench --store postgres://holdfast@db.example.com/holdfast', 'a database, and the way to it'],
      ['holdfast bench --server https://config.example.com --json', 'a server, for a program'],
    ],
    load: () => import('../commands/bench.ts'),
  },
]

export const AROUND: readonly Command[] = [
  {
    name: 'completion',
    group: 'Around it',
    summary: 'Make a shell complete commands, flags, keys and tags',
    arguments: [{ name: 'SHELL', choices: ['bash', 'zsh', 'fish'] }],
    options: [],
    examples: [
      ['source <(holdfast completion bash)', 'in ~/.bashrc'],
      ['source <(holdfast completion zsh)', 'in ~/.zshrc'],
      ['holdfast completion fish | source', 'in config.fish'],
    ],
    load: () => import('../commands/completion.ts'),
  },
  {
    name: 'help',
    group: 'Around it',
    summary: 'Tell more about a command',
    arguments: [{ name: 'COMMAND', isOptional: true }],
    options: [],
    examples: [
      ['holdfast help', 'all commands'],
      ['holdfast help restore', 'one of them'],
    ],
    load: () => import('../commands/help.ts'),
  },
  {
    name: 'complete',
    group: 'Around it',
    summary: 'Answer a shell that asks how its line may go on',
    arguments: [{ name: 'WORD', isOptional: true, isMany: true }],
    options: [],
    examples: [['holdfast complete -- set server.', 'what may follow']],
    isHidden: true,
    load: () => import('../commands/complete.ts'),
  },
]
