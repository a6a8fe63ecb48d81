import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { Flags } from '../../src/cli/flags.ts'
import { loadProject, type Project } from '../../src/cli/project.ts'
import { passedSocket } from '../../src/cli/serving/listen.ts'
import { placeOf, resolveSettings } from '../../src/cli/serving/resolve.ts'
import { schedulesOf } from '../../src/cli/serving/schedules.ts'
import {
  keyOf,
  SETTING_NAMES,
  type SettingName,
  type Settings,
  settingOf,
  variableOf,
} from '../../src/cli/serving/settings.ts'
import { Workspace } from './harness.ts'
import { withTable } from './settings-table.ts'

const at = new Workspace()
afterAll(() => at.remove())

interface Said {
  readonly flags?: Readonly<Record<string, readonly string[] | true>>
  readonly env?: Readonly<Record<string, string>>
  readonly yaml?: string
}

async function resolved({ flags = {}, env = {}, yaml }: Said): Promise<Settings> {
  return resolveSettings({
    flags: new Flags(new Map(Object.entries(flags))),
    env,
    cwd: '/cwd',
    project: await projectOf(yaml),
  })
}

async function projectOf(yaml: string | undefined): Promise<Project | undefined> {
  if (yaml === undefined) return undefined
  at.write('holdfast.yaml', yaml)
  return loadProject(at.path('holdfast.yaml'))
}

/** Three texts for each setting that are good and differ from each other and from what is usual. */
const SAMPLES: Readonly<Record<string, readonly [string, string, string]>> = {
  ADDRESS: ['10.0.0.1', '10.0.0.2', '::1'],
  PORT: ['1', '2', '3'],
  FILE: ['/a', '/b', '/c'],
  FOLDER: ['/a', '/b', '/c'],
  CIDR: ['10.0.0.0/8', '10.0.0.1', '10.0.0.2, 10.0.0.3'],
  NAME: ['a.example', 'b.example', 'c.example, d.example'],
  SIZE: ['17KiB', '18KiB', '19456'],
  N: ['7', '8', '9'],
  TIME: ['2s', '3s', '1min'],
}

const samplesOf = (name: SettingName): readonly string[] => {
  const { choices, placeholder } = settingOf(name)
  return choices?.slice(0, 2) ?? (placeholder === undefined ? ['true', 'false'] : SAMPLES[placeholder]!)
}

const readAt = (name: SettingName, text: string, base = '/cwd'): unknown => settingOf(name).read([text], base)

/** Both halves of TLS are always said, since one alone is refused. */
const TLS = { 'tls-cert': ['/x'], 'tls-key': ['/y'] } as const

const setting = fc.constantFrom(...SETTING_NAMES)
const spoken = (name: SettingName) => fc.option(fc.constantFrom(...samplesOf(name)), { nil: undefined })

describe('a setting', () => {
  it('is what the flag says, else the variable, else the file, else what is usual', async () => {
    const cases = setting.chain((name) =>
      fc.record({ name: fc.constant(name), flag: spoken(name), variable: spoken(name), key: spoken(name) }),
    )
    await fc.assert(
      fc.asyncProperty(cases, fc.boolean(), async ({ name, flag, variable, key }, inFile) => {
        if (inFile) at.write('value.txt', `${variable}\n`)
        const isPath = settingOf(name).placeholder === 'FILE'
        const viaFile = inFile && !isPath
        const env =
          variable === undefined
            ? {}
            : viaFile
              ? { [`${variableOf(name)}_FILE`]: at.path('value.txt') }
              : { [variableOf(name)]: variable }
        const isSwitch = settingOf(name).placeholder === undefined
        const { [name as 'tls-cert']: _, ...rest } = TLS
        const partner = name.startsWith('tls-') && (flag ?? variable ?? key) !== undefined ? rest : {}
        const said = {
          flags: { ...partner, ...(flag !== undefined && { [name]: isSwitch ? (true as const) : [flag] }) },
          env,
          yaml: key === undefined ? 'serve: {}' : `serve:\n  ${keyOf(name)}: ${JSON.stringify(key)}`,
        }
        const settings = await resolved(said)
        const usual = settingOf(name).usual
        const expected =
          flag !== undefined
            ? isSwitch || readAt(name, flag)
            : variable !== undefined
              ? readAt(name, variable)
              : key !== undefined
                ? readAt(name, key, at.root)
                : settingOf(name).read(usual === '' ? [] : [usual], '/cwd')
        expect(settings[name]).toEqual(expected)
        const place =
          flag !== undefined
            ? `--${name}`
            : variable !== undefined
              ? Object.keys(env)[0]
              : key !== undefined
                ? 'holdfast.yaml'
                : 'default'
        const project = await projectOf(said.yaml)
        expect(
          placeOf(name, { flags: new Flags(new Map(Object.entries(said.flags))), env, cwd: '/cwd', project }),
        ).toBe(place)
      }),
      { numRuns: 300 },
    )
  })

  it('has a default that fits its own rule', () => {
    for (const name of SETTING_NAMES) {
      const { usual, read } = settingOf(name)
      if (usual !== '') expect(read([usual], '/'), name).toBeDefined()
    }
  })

  it('reads lists, sizes, times and switches as people write them', async () => {
    const {
      'trust-proxy': proxies,
      'request-bytes': bytes,
      heartbeat,
      insecure,
      'allowed-hosts': hosts,
    } = await resolved({
      flags: { 'allowed-hosts': ['a.example', 'b.example,c.example'] },
      env: { HOLDFAST_TRUST_PROXY: '10.0.0.0/8, 192.168.1.1', HOLDFAST_INSECURE: 'yes', HOLDFAST_PORT: '' },
      yaml: 'serve:\n  requestBytes: 2MiB\n  heartbeat: 1min\n',
    })
    expect(proxies).toEqual(['10.0.0.0/8', '192.168.1.1'])
    expect(hosts).toEqual(['a.example', 'b.example', 'c.example'])
    expect({ bytes, heartbeat, insecure }).toEqual({ bytes: 2 * 1024 ** 2, heartbeat: 60_000, insecure: true })
  })

  it('takes the file of a key from either form of its variable', async () => {
    const settings = await resolved({ env: { HOLDFAST_TLS_CERT_FILE: 'chain.pem', HOLDFAST_TLS_KEY: '/key.pem' } })
    expect([settings['tls-cert'], settings['tls-key']]).toEqual(['/cwd/chain.pem', '/key.pem'])
  })

  it.each<[string, Said, RegExp]>([
    [
      'a flag',
      { flags: { port: ['70000'] } },
      /^--port: "70000" does not fit\.\nWrite a whole number from 0 to 65535\.$/,
    ],
    [
      'a variable',
      { env: { HOLDFAST_DRAIN: 'soon' } },
      /^HOLDFAST_DRAIN: "soon" does not fit\.\nWrite a number and its unit/,
    ],
    ['the file', { yaml: '\nserve:\n  port: far' }, /holdfast\.yaml:3:3: serve\.port: "far" does not fit\n/],
    ['the file, with a list', { yaml: 'serve:\n  port: [1, 2]' }, /holdfast\.yaml:2:3: serve\.port/],
    ['the file, with nothing', { yaml: 'serve:\n  host: null' }, /holdfast\.yaml:2:3: serve\.host/],
    ['an unknown key', { yaml: 'serve:\n  prot: 1' }, /holdfast\.yaml:2:3: unknown key "prot"; did you mean port\?/],
    ['a certificate alone', { env: { HOLDFAST_TLS_CERT: '/x' } }, /^tls-cert is said alone \(HOLDFAST_TLS_CERT\)\./],
    ['a key alone', { flags: { 'tls-key': ['/x'] } }, /^tls-key is said alone \(--tls-key\)\./],
    [
      'both forms of a variable',
      { env: { HOLDFAST_PORT: '1', HOLDFAST_PORT_FILE: '/x' } },
      /^HOLDFAST_PORT and HOLDFAST_PORT_FILE are both set\./,
    ],
    [
      'a file that is not there',
      { env: { HOLDFAST_PORT_FILE: '/nowhere' } },
      /^HOLDFAST_PORT_FILE: \/nowhere cannot be read \(ENOENT\)/,
    ],
  ])('is refused where it was said: %s', async (_, said, message) => {
    await expect(resolved(said)).rejects.toThrow(message)
  })

  it('never shows what stands in a file that a variable names', async () => {
    at.write('secret.txt', 'hunter2')
    const refused = resolved({ env: { HOLDFAST_PORT_FILE: at.path('secret.txt') } })
    await expect(refused).rejects.toThrow(/^HOLDFAST_PORT_FILE: what stands in .*secret\.txt does not fit\./)
    await expect(refused).rejects.not.toThrow(/hunter2/)
  })
})

describe('docs/SERVER.md', () => {
  it('has the table of the settings that serve runs on', async () => {
    const page = join(import.meta.dirname, '../../docs/SERVER.md')
    await expect(withTable(readFileSync(page, 'utf8'))).toMatchFileSnapshot(page)
  })
})

describe('the cron table', () => {
  it('is read by name', async () => {
    const project = await projectOf("schedules:\n  nightly: { cron: '0 3 * * *', task: backup, keep: 14 }\n")
    expect(await schedulesOf(project)).toEqual([{ name: 'nightly', cron: '0 3 * * *', task: 'backup', keep: 14 }])
    expect(await schedulesOf(undefined)).toEqual([])
  })

  it.each([
    ['nightly: 1', /:2:3: a schedule is a map/],
    ["nightly: { cron: '0 3 * * *' }", /:2:3: schedule nightly: task is one of/],
    ["nightly: { cron: '0 3 * * *', task: bakcup }", /:2:\d+: schedule nightly: task is one of refresh-sources/],
    ["nightly: { cron: '0 3 * *', task: backup }", /schedule nightly: cron has five fields/],
    ["nightly: { cron: '0 3 * * *', task: backup, name: x }", /its name stands before it: nightly/],
    ["nightly:\n    cron: '0 3 * * *'\n    task: purge\n    olderThan: old", /:5:5: schedule nightly: olderThan is/],
    ["Nightly!: { cron: '0 3 * * *', task: purge }", /:2:3: a schedule has a name/],
  ])('refuses %s with its place', async (line, message) => {
    const project = await projectOf(`schedules:\n  ${line}\n`)
    await expect(schedulesOf(project)).rejects.toThrow(message)
  })
})

describe('a passed socket', () => {
  it('is taken only where it was passed to this process, and only one', () => {
    expect(passedSocket({}, 7)).toBeUndefined()
    expect(passedSocket({ LISTEN_FDS: '1', LISTEN_PID: '8' }, 7)).toBeUndefined()
    expect(passedSocket({ LISTEN_FDS: '1', LISTEN_PID: '7' }, 7)).toBe(3)
    expect(() => passedSocket({ LISTEN_FDS: '2', LISTEN_PID: '7' }, 7)).toThrow('"2" sockets were passed')
  })
})
