import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { initialised, Workspace } from './harness.ts'

let at: Workspace
let empty: Workspace
beforeAll(async () => {
  at = await initialised()
  empty = new Workspace()
})
afterAll(() => {
  at.remove()
  empty.remove()
})

/** Nothing listens here, and nothing needs to: what is tested is refused before anything is sent. */
const URL = 'http://127.0.0.1:1'
const TOKEN = { HOLDFAST_TOKEN: 'hf_x' }

describe('a command on a server', () => {
  it.each([
    ['get --store x.db', '--store and --server are both given'],
    ['get --source app.ini', '--source works on a store only, and this is a server: sources are loaded by the server'],
    ['set a.b=1 --actor bob', '--actor works on a store only, and this is a server: who does it is told by the token'],
    ['get --schema s.json', '--schema works on a store only'],
    ['get --replace-sources', '--replace-sources works on a store only'],
    ['init', 'holdfast init makes a store, and this is a server'],
    ['serve', 'holdfast serve opens a store, and this is a server'],
    ['backup --restore x.db --yes', 'backup --restore replaces a store, and this is a server'],
    ['backup --verify x.db', 'backup --verify checks a file that is here'],
  ])('refuses what only a store can take: %s', async (typed, message) => {
    const ran = await at.run(`${typed} --server ${URL}`, { env: TOKEN })
    expect(ran).toMatchObject({ status: 64, out: '', err: expect.stringContaining(message) })
  })

  it('says where the server is named, if not by a flag', async () => {
    const ran = await empty.run('init', { env: { HOLDFAST_SERVER: URL } })
    expect(ran).toMatchObject({ status: 64, err: expect.stringContaining('The server is named by HOLDFAST_SERVER') })
  })

  it.each([
    ['no token', {}, 6, 'a server wants a token.\nSet HOLDFAST_TOKEN'],
    ['two tokens', { ...TOKEN, HOLDFAST_TOKEN_FILE: '/x' }, 64, 'HOLDFAST_TOKEN and HOLDFAST_TOKEN_FILE are both set'],
    ['a token file that is not there', { HOLDFAST_TOKEN_FILE: '/nowhere' }, 64, '/nowhere cannot be read (ENOENT)'],
    ['a token that is none', { HOLDFAST_TOKEN: 'hf_a secret\nb' }, 6, 'is no token'],
  ])('refuses %s, and never shows it', async (_, env, status, message) => {
    const ran = await at.run(`whoami --server ${URL}`, { env })
    expect(ran).toMatchObject({ status, out: '', err: expect.stringContaining(message) })
    expect(ran.err).not.toContain('secret')
  })

  it.each([
    ['http://config.example.com', 'plain http:'],
    ['ftp://config.example.com', 'neither https: nor http:'],
    ['https://ana:pass@config.example.com', 'user name or password'],
    ['not an address', 'is not an address'],
  ])('refuses the address %s', async (address, message) => {
    const ran = await at.run(['get', '--server', address], { env: TOKEN })
    expect(ran).toMatchObject({ status: 64, out: '', err: expect.stringContaining(message) })
    expect(ran.err).not.toContain('pass@')
  })

  it('names the flag that allows plain HTTP', async () => {
    const ran = await at.run('get --server http://config.example.com', { env: TOKEN })
    expect(ran.err).toContain('say --insecure')
  })

  it('offers nothing, silently, to a shell when the server is away', async () => {
    const ran = await at.run(['complete', '--', 'get', 'ser'], { env: { ...TOKEN, HOLDFAST_SERVER: URL } })
    expect(ran).toEqual({ status: 0, out: '', err: '' })
  })
})

describe('where a command works', () => {
  const store = () => at.path('data/config_overrides.db')
  const port = async (argv: string, env: Record<string, string>, workspace = empty) =>
    (await workspace.run(`get server.port${argv}`, { env })).out

  it('is the flag, else the variable, else holdfast.yaml', async () => {
    expect(await port('', { HOLDFAST_STORE: store() })).toBe('4949\n')
    expect(await port(` --store ${store()}`, { HOLDFAST_SERVER: URL })).toBe('4949\n')
    expect(await port('', { HOLDFAST_STORE: '', HOLDFAST_SERVER: '' }, at)).toBe('4949\n')
    const other = await at.run('get', { env: { HOLDFAST_STORE: 'other.db' } })
    expect(other.err).toContain('other.db')
  })

  it('is one place: a store and a server in the variables, or in the file, are refused', async () => {
    const both = await empty.run('get', { env: { HOLDFAST_STORE: 'x.db', HOLDFAST_SERVER: URL } })
    expect(both).toMatchObject({
      status: 64,
      err: expect.stringContaining('HOLDFAST_STORE and HOLDFAST_SERVER are both'),
    })
    const file = new Workspace({ 'holdfast.yaml': `store: x.db\nserver: ${URL}\n` })
    expect(await file.run('get')).toMatchObject({
      status: 1,
      err: expect.stringMatching(/holdfast\.yaml:2:1: commands work on/),
    })
    file.remove()
  })

  it('is the server of holdfast.yaml, where it says one', async () => {
    const file = new Workspace({ 'holdfast.yaml': `server: ${URL}\n` })
    expect(await file.run('get')).toMatchObject({ status: 6, err: expect.stringContaining('a server wants a token') })
    file.remove()
  })
})
