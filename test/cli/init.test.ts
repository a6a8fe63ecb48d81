import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { INI, initialised, SCHEMA, Workspace } from './harness.ts'

let at: Workspace
afterEach(() => at.remove())

describe('holdfast init', () => {
  it('writes holdfast.yaml, makes the store and takes the first version as baseline', async () => {
    at = new Workspace({ 'config/tacacs.ini': INI, 'config/s.json': SCHEMA })
    const told = await at.json(
      'init --source config/tacacs.ini --source env:TACACS_ --schema config/s.json -n tacacs-prod',
    )
    expect(told).toEqual({
      namespace: 'tacacs-prod',
      version: { id: 1, hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    })
    expect(readFileSync(at.path('holdfast.yaml'), 'utf8')).toBe(
      `# What this project keeps in Holdfast; every holdfast command here and below reads it.
store: data/config_overrides.db
namespaces:
  tacacs-prod:
    sources:
      - config/tacacs.ini
      - { env: { prefix: TACACS_ } }
    schema: config/s.json
`,
    )
    expect(await at.json('versions')).toMatchObject([{ id: 1, isBaseline: true }])
    expect(await at.run('get server.port')).toMatchObject({ status: 0, out: '4949\n' })
  })

  it('makes the store that a file in a fresh clone describes, and leaves the file alone', async () => {
    at = await initialised()
    const before = readFileSync(at.path('holdfast.yaml'), 'utf8')
    rmSync(at.path('data'), { recursive: true })
    expect(await at.run('get server.port')).toMatchObject({
      status: 5,
      err: expect.stringContaining('config_overrides.db'),
    })
    expect(await at.run('init')).toMatchObject({ status: 0 })
    expect(readFileSync(at.path('holdfast.yaml'), 'utf8')).toBe(before)
    expect((await at.run('get server.port')).out).toBe('4949\n')
  })

  it('does nothing the second time, and says which version there is', async () => {
    at = await initialised()
    await at.run('set server.port=5050')
    expect(await at.json('init')).toMatchObject({ version: { id: 2 } })
    expect(await at.json('show baseline')).toMatchObject({ id: 1 })
  })

  it('refuses flags that say otherwise than the file', async () => {
    at = await initialised()
    const { status, err } = await at.run('init --source other.ini')
    expect(status).toBe(1)
    expect(err).toContain('already describes the namespace default')
  })

  it('adds another namespace to the file and keeps its comments', async () => {
    at = await initialised()
    const ran = await at.run('init -n second --source config/tacacs.ini')
    expect(ran).toMatchObject({ status: 0 })
    const text = readFileSync(at.path('holdfast.yaml'), 'utf8')
    expect(text).toContain('# What this project keeps')
    expect((await at.run('get server.port -n second')).out).toBe('4949\n')
    expect((await at.run('get server.port')).out).toBe('4949\n')
  })

  it('leaves nothing behind where the base does not satisfy the schema', async () => {
    at = new Workspace({ 'a.ini': INI.replace('4949', '99999'), 's.json': SCHEMA })
    const { status, err } = await at.run('init --source a.ini --schema s.json')
    expect(status).not.toBe(0)
    expect(err).toContain('server.port')
    expect(existsSync(at.path('holdfast.yaml'))).toBe(false)
  })
})

describe('holdfast.yaml', () => {
  it('is found upwards, and paths in flags start from where one stands', async () => {
    at = await initialised()
    mkdirSync(at.path('deep/er'), { recursive: true })
    at.write('deep/extra.ini', '[server]\nport = 6000\n')
    expect((await at.run('get server.port', { folder: 'deep/er' })).out).toBe('4949\n')
    const argv = 'get server.port --replace-sources --source ../config/tacacs.ini --source extra.ini'
    expect(await at.run(argv, { folder: 'deep' })).toMatchObject({ status: 0, out: '6000\n' })
    expect(
      await at.json('explain server.port --replace-sources --source config/tacacs.ini --source deep/extra.ini'),
    ).toMatchObject({
      winner: { layer: 'deep/extra.ini' },
    })
  })

  it('refuses a list of sources that is not the one the store has, and names the flag that takes it', async () => {
    at = await initialised()
    at.write('other.ini', '[a]\nb = 1\n')
    const { status, err } = await at.run('get --source other.ini')
    expect(status).toBe(1)
    expect(err).toMatch(/config\/tacacs\.ini.*other\.ini.*--replace-sources/s)
  })

  it.each([
    [
      'an unknown key',
      'store: x.db\nsotre: y\n',
      '2:1: unknown key "sotre"; known here: store, server, namespaces, serve, schedules',
    ],
    ['an unknown key of a namespace', 'namespaces:\n  default:\n    source: [a]\n', '3:5: unknown key "source"'],
    ['a wrong type', 'store: [a]\n', '1:1: store is a text'],
    ['sources that are no list', 'namespaces:\n  default:\n    sources: a.ini\n', '3:5: sources is a list'],
    ['a source of no kind', 'namespaces:\n  default:\n    sources: [{ fiel: a }]\n', '3:5: a source is'],
    ['broken syntax', 'store: [a\nnamespaces: {', 'holdfast.yaml:'],
    ['the same in YAML that needs the parser', '# &\nstore: &a x.db\nsotre: *a\n', '3:1: unknown key "sotre"'],
  ])('is refused for %s, with file, line and column', async (_, text, message) => {
    at = new Workspace({ 'holdfast.yaml': text })
    const { status, out, err } = await at.run('get')
    expect(err).toContain(message)
    expect(err).toContain('holdfast.yaml')
    expect({ status, out }).toEqual({ status: 1, out: '' })
  })

  it('with one namespace makes that the one commands mean', async () => {
    at = new Workspace({ 'a.ini': INI })
    await at.run('init --source a.ini -n only-one')
    expect(await at.json('history')).toEqual([])
    expect(await at.json('namespace list')).toMatchObject([{ namespace: 'only-one' }])
  })
})
