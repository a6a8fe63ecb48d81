import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SETTING_NAMES, settingOf, variableOf } from '../../src/cli/serving/settings.ts'
import { durationOf } from '../../src/model/duration.ts'
import { finish } from './harness.ts'

const FOLDER = join(import.meta.dirname, '../../packaging')
const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8')

/** The settings of one section of a unit, in their order; a name may come more than once. */
function unit(name: string, section: string): readonly (readonly [string, string])[] {
  const text = read(name).split(`[${section}]\n`)[1]!.split(/^\[/m)[0]!
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const)
}

const SERVICE = new Map(unit('holdfast.service', 'Service'))
const has = (program: string): boolean => spawnSync(program, ['--version']).status === 0

/** Variables that the program reads. */
const KNOWN = [
  ...SETTING_NAMES.flatMap((name) => [variableOf(name), `${variableOf(name)}_FILE`]),
  'HOLDFAST_STORE',
  'HOLDFAST_KEY',
  'HOLDFAST_KEY_FILE',
]

describe('holdfast.service', () => {
  it('is a unit that systemd understands', () => {
    if (!has('systemd-analyze')) return
    const { stderr, status } = spawnSync(
      'systemd-analyze',
      ['verify', join(FOLDER, 'holdfast.service'), join(FOLDER, 'holdfast.socket')],
      { encoding: 'utf8' },
    )
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  })

  it('leaves little open, by the measure of systemd', () => {
    if (!has('systemd-analyze')) return
    const { status, stdout, stderr } = spawnSync(
      'systemd-analyze',
      ['security', '--offline=yes', '--threshold=20', join(FOLDER, 'holdfast.service')],
      { encoding: 'utf8' },
    )
    expect(status, `${stdout}${stderr}`).toBe(0)
  })

  it('runs as a user of its own that may write one folder, without capabilities', () => {
    expect(Object.fromEntries(SERVICE)).toMatchObject({
      DynamicUser: 'yes',
      StateDirectory: 'holdfast',
      ProtectSystem: 'strict',
      NoNewPrivileges: 'yes',
      CapabilityBoundingSet: '',
      PrivateTmp: 'yes',
    })
    expect(SERVICE.has('ReadWritePaths')).toBe(false)
    expect(SERVICE.has('MemoryDenyWriteExecute')).toBe(false)
  })

  it('gives a stop more time than the server takes to drain', () => {
    expect(Number(SERVICE.get('TimeoutStopSec'))).toBeGreaterThan(durationOf(settingOf('drain').usual)! / 1000)
  })

  it('tells readiness, reloads by SIGHUP, and does not restart what makes no sense', () => {
    expect(SERVICE.get('Type')).toBe('notify')
    expect(SERVICE.get('NotifyAccess')).toBe('all')
    expect(SERVICE.get('ExecReload')).toContain('-HUP')
    expect(SERVICE.get('RestartPreventExitStatus')).toBe('64')
  })

  it('sets only variables that the program reads, and no secret', () => {
    const variables = unit('holdfast.service', 'Service')
      .filter(([name]) => name === 'Environment')
      .map(([, value]) => value.split('=')[0]!)
    expect(variables.length).toBeGreaterThan(1)
    for (const variable of variables) expect(KNOWN).toContain(variable)
    expect(variables).not.toContain('HOLDFAST_KEY')
  })

  it('gets the address that the program would take, from the socket', () => {
    const listen = new Map(unit('holdfast.socket', 'Socket')).get('ListenStream')
    expect(listen).toBe(`${settingOf('host').usual}:${settingOf('port').usual}`)
  })
})

describe('Containerfile', () => {
  const lines = read('Containerfile')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))

  it('begins with the plain name of the official image, by its tag', () => {
    const bases = lines.filter((line) => line.startsWith('FROM ')).map((line) => line.split(' ')[1])
    expect(bases.length).toBe(2)
    for (const base of bases) expect(base).toMatch(/^node:\d+[\w.-]*$/)
  })

  it('does not run as root, keeps its store in a volume, and stops by SIGTERM', () => {
    expect(lines).toContain('USER node')
    expect(lines).toContain('VOLUME /data')
    expect(lines).toContain('STOPSIGNAL SIGTERM')
    expect(lines.indexOf('USER node')).toBeLessThan(lines.findIndex((line) => line.startsWith('ENTRYPOINT')))
  })

  it('copies only what is there', () => {
    const copied = lines
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from'))
      .flatMap((line) => line.split(/\s+/).slice(1, -1))
    expect(copied).toContain('packaging/health.mjs')
    for (const name of copied) expect(existsSync(join(FOLDER, '..', name)), name).toBe(true)
  })

  it('sets only variables that the program reads', () => {
    const variables = lines
      .filter((line) => line.startsWith('ENV '))
      .flatMap((line) => [...line.matchAll(/(HOLDFAST_\w+)=/g)].map((found) => found[1]!))
    expect(variables).toContain('HOLDFAST_STORE')
    for (const variable of variables) expect(KNOWN).toContain(variable)
  })

  it('fetches with no other program than npm', () => {
    expect(read('Containerfile')).not.toMatch(/curl|wget|apt-get|https?:\/\//)
  })
})

describe('health.mjs', () => {
  it.each([
    [200, 0],
    [503, 1],
  ])('tells %i of /readyz as exit status %i', async (answer, status) => {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(`${request.headers.host} ${request.url}`)
      response.writeHead(answer).end()
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    expect(await health((server.address() as AddressInfo).port)).toBe(status)
    expect(asked).toEqual(['localhost /readyz'])
    await new Promise((done) => server.close(done))
  })

  it('tells that nobody answers', async () => {
    expect(await health(1)).toBe(1)
  })
})

async function health(port: number): Promise<number> {
  const child = spawn(process.execPath, [join(FOLDER, 'health.mjs')], { env: { HOLDFAST_PORT: String(port) } })
  return (await finish(child)).status
}
