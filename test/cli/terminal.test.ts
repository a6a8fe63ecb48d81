import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COMMANDS } from '../../src/cli/commands.ts'
import { widthOf } from '../../src/cli/text.ts'
import { initialised, type Workspace } from './harness.ts'

const HOSTILE = '\u001b[2J\u001b]0;owned\u0007\r\nroot\u202etxt\u200b'
const READING = [
  ...[
    'get',
    'get auth',
    'explain auth.note',
    'explain auth.long',
    'blame',
    'drift',
    'drift --detail',
    'drift --kind baseline',
  ],
  ...[
    'history',
    'versions',
    'show latest',
    'compare 1 latest',
    'verify',
    'stats',
    'namespace list',
    'validate',
    'restore 1 --dry-run',
  ],
  ...['token list', 'webhook list', 'audit', 'schedules', 'instances', 'drift --kind instance', 'whoami'],
]

const withoutProgress = (text: string): string => text.replace(/\r[^\r\n]*?\u001b\[K/g, '')

let at: Workspace
beforeAll(async () => {
  at = await initialised()
  await at.run(['set', `auth.note=${HOSTILE}`, '--reason', HOSTILE, '--comment', HOSTILE, '--actor', 'mal\u202elory'])
  await at.run([
    'set',
    `auth.long=${'0123456789'.repeat(40)}`,
    `auth."${'k'.repeat(120)}"=1`,
    `auth.wide=${'日本'.repeat(60)}`,
  ])
  await at.run([
    'set',
    'server.port=5050',
    '--reason',
    'a '.repeat(300),
    '--actor',
    'somebody.with.a.long.name@example.com',
  ])
})
afterAll(() => at.remove())

describe('on a terminal', () => {
  it.each([80, 70, 120])('tables and pages keep to %i columns', async (columns) => {
    for (const argv of READING.filter((each) => !/^(?:get|show)/.test(each))) {
      const { out } = await at.run(`${argv} --no-color`, { isTerminal: true, columns })
      for (const line of out.split('\n')) expect(widthOf(line), `${argv}: ${line}`).toBeLessThanOrEqual(columns)
    }
  })

  it('the configuration itself is printed whole, as it would be piped', async () => {
    expect((await at.run('show latest', { isTerminal: true })).out).toContain(`auth.${'k'.repeat(120)} = 1`)
    expect((await at.run('get auth', { isTerminal: true })).out).toContain('0123456789'.repeat(40))
  })

  it('nothing that is stored can steer it', async () => {
    const getting = [
      'get auth.note',
      'get auth --format yaml',
      'get --format ini',
      'get auth --format env',
      'get --format json',
    ]
    for (const argv of [...READING, ...getting]) {
      const { out, err } = await at.run(`${argv} --no-color`, { isTerminal: true })
      expect(out + withoutProgress(err), argv).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e\u200b]/)
    }
    const refused = await at.run(['get', `auth."${'\u202e'}x"`], { isTerminal: true })
    expect(refused.err).not.toContain('\u202e')
  })

  it('a value goes to a file or a pipe as it is', async () => {
    expect((await at.run('get auth.note')).out).toBe(`${HOSTILE}\n`)
  })

  it('is coloured, unless NO_COLOR, --no-color or a dumb terminal says no', async () => {
    const colored = (options: object, argv = 'drift') =>
      at.run(argv, options).then(({ out }) => out.includes('\u001b['))
    expect(await colored({ isTerminal: true })).toBe(true)
    expect(await colored({ isTerminal: false })).toBe(false)
    expect(await colored({ isTerminal: true, env: { NO_COLOR: '1' } })).toBe(false)
    expect(await colored({ isTerminal: true, env: { NO_COLOR: '' } })).toBe(true)
    expect(await colored({ isTerminal: true, env: { TERM: 'dumb' } })).toBe(false)
    expect(await colored({ isTerminal: true }, 'drift --no-color')).toBe(false)
  })
})

describe('with --json', () => {
  it('standard output is one document, for every command that has a result', async () => {
    const changing = [
      'set auth.x=1 --dry-run',
      'unset auth.note --dry-run',
      'mask auth.fallback --dry-run',
      'revert 4 --dry-run',
      'snapshot',
      'tag 1 t',
      'baseline 1',
    ]
    const others = [
      'init',
      'purge --older-than 90d --dry-run',
      'backup copy.db',
      'backup --verify copy.db',
      'key list',
      'bench --count 2 --clients 2 --watchers 1',
      'migrate-store copy.db moved.db',
      '--version',
    ]
    const tried = new Set<string>()
    for (const argv of [...READING, ...changing, ...others]) {
      const { out, status } = await at.run(`${argv} --json -v`, { isTerminal: true })
      expect(status, argv).toBe(0)
      expect(() => JSON.parse(out), argv).not.toThrow()
      expect(out, argv).not.toMatch(/[\u001b\u202e\u200b]/)
      tried.add(argv.split(' ')[0]!)
    }
    const untried = COMMANDS.map(({ name }) => name).filter((name) => !tried.has(name))
    expect(untried).toEqual(['watch', 'serve', 'completion', 'help', 'complete'])
  })
})

it('-v tells the causes of a refusal', async () => {
  at.write('holdfast-2/holdfast.yaml', 'namespaces: {default: {sources: [gone.ini]}}')
  const { err } = await at.run('init -v', { folder: 'holdfast-2' })
  expect(err).toContain('gone.ini')
})
