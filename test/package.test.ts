import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** The package as a user gets it: packed, installed in an empty folder, used as a library, with types, and as a command. */
const ROOT = join(import.meta.dirname, '..')
const WORK = mkdtempSync(join(tmpdir(), 'holdfast-package-'))
const CHECKOUT = join(WORK, 'checkout')
const USER = join(WORK, 'user')
/** What a build and a package need of a checkout. */
const PARTS = [
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'SECURITY.md',
]
const FOLDERS = ['bin', 'src', 'scripts', 'docs', 'examples']

let packed: readonly string[] = []

interface Manifest {
  readonly devDependencies: Readonly<Record<string, string>>
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly gypfile?: boolean }>>
}

beforeAll(() => {
  for (const name of [...PARTS, ...FOLDERS]) cpSync(join(ROOT, name), join(CHECKOUT, name), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(CHECKOUT, 'node_modules'))
  const [made] = JSON.parse(run('npm', ['pack', '--json', '--silent', '--pack-destination', WORK], CHECKOUT)) as [
    { filename: string; files: readonly { path: string }[] },
  ]
  packed = made.files.map(({ path }) => path)
  mkdirSync(USER)
  run('npm', ['install', '--no-audit', '--no-fund', '--silent', join(WORK, made.filename)], USER)
}, 180_000)

afterAll(() => rmSync(WORK, { recursive: true, force: true }))

describe('the lockfile', () => {
  it('lets every npm install the database without a compiler', () => {
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lock
    const entry = packages['node_modules/better-sqlite3']
    const mend =
      'npm 10 and older would run node-gyp for it. "npm install" loses this: write it into package-lock.json again'
    expect(entry?.gypfile, mend).toBe(false)
  })
})

describe('the tour', () => {
  it('does what it says, from a checkout that is built', { timeout: 180_000 }, () => {
    const env = { ...process.env, TMPDIR: WORK }
    const ended = spawnSync(process.execPath, ['scripts/tour.ts'], { cwd: CHECKOUT, encoding: 'utf8', env })
    expect(ended.stdout).toContain('What now?')
    expect(ended.status, ended.stderr).toBe(0)
  })
})

describe('the demonstration', () => {
  it('has something to show on every page of the console, and leaves nothing behind', { timeout: 180_000 }, () => {
    const room = join(WORK, 'room')
    mkdirSync(room)
    const env = { ...process.env, TMPDIR: room }
    const words = ['scripts/demo.ts', '--check']
    const ended = spawnSync(process.execPath, words, { cwd: CHECKOUT, encoding: 'utf8', env })
    expect(ended.stderr).toBe('')
    expect(ended.stdout).toContain('each of its pages has something to show')
    expect([ended.status, readdirSync(room)]).toEqual([0, []])
  })
})

describe('the package', () => {
  it('brings the console as it is served: pages, and their files with compressed forms', () => {
    const pages = packed.filter((path) => path.startsWith('dist/console/'))
    expect(pages).toContain('dist/console/index.html')
    const [script = ''] = pages.filter((path) => /^dist\/console\/assets\/index-[\w-]+\.js$/.test(path))
    expect(pages).toEqual(expect.arrayContaining([`${script}.br`, `${script}.gz`]))
    expect(pages.filter((path) => !/\.(html|js|css|svg|woff2)(\.br|\.gz)?$/.test(path))).toEqual([])
  })

  it('holds what runs, its types and its documents, and nothing else', () => {
    const tops = new Set(packed.map((path) => path.split('/')[0]))
    expect([...tops].sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'dist',
      'docs',
      'examples',
      'package.json',
    ])
    expect(packed).toContain('dist/index.js')
    expect(packed).toContain('dist/index.d.ts')
    expect(packed.filter((path) => /\.(test|tsbuildinfo|db|key)\b/.test(path))).toEqual([])
  })

  it('brings nothing that only development needs', () => {
    const brought = readdirSync(join(USER, 'node_modules'))
    expect(brought).toContain('holdfast')
    const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest
    const others = Object.keys(devDependencies).map((name) => name.split('/')[0]!)
    expect(brought.filter((name) => others.includes(name))).toEqual([])
  })

  it('has no complaint of publint', async () => {
    const { publint } = await import('publint')
    const { messages } = await publint({ pkgDir: join(USER, 'node_modules/holdfast'), strict: true, pack: false })
    expect(messages).toEqual([])
  })

  it('works as a library', () => {
    write('package.json', JSON.stringify({ ...readJson('package.json'), type: 'module' }))
    write('base.ini', '[server]\nport = 4949\n')
    write(
      'service.js',
      `import { openConfig } from 'holdfast'
      await using config = await openConfig({ sources: ['base.ini'] })
      await config.update('server', { port: 5050 }, { reason: 'a test' })
      console.log(config.get('server.port'), config.version.id)`,
    )
    expect(run('node', ['service.js'])).toBe('5050 2\n')
  })

  it('has types that a strict program finds', () => {
    write(
      'service.ts',
      `import { type Config, HoldfastError, openConfig } from 'holdfast'
      const config: Config<{ server: { port: number } }> = await openConfig<{ server: { port: number } }>()
      const port: number = config.get('server.port')
      // @ts-expect-error a port is a number
      const text: string = config.get('server.port')
      export const answer = [port, text, HoldfastError.name]`,
    )
    cpSync(join(ROOT, 'examples/tacacs/service.ts'), join(USER, 'example.ts'))
    const options = { strict: true, noEmit: true, target: 'es2024', module: 'nodenext', moduleResolution: 'nodenext' }
    const typeRoots = [join(ROOT, 'node_modules/@types')]
    const compilerOptions = { ...options, lib: ['es2024', 'esnext.disposable'], types: ['node'], typeRoots }
    write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['*.ts'] }))
    const tsc = spawnSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc')], {
      cwd: USER,
      encoding: 'utf8',
    })
    expect(tsc.stdout).toBe('')
    expect(tsc.status).toBe(0)
  })

  it('works as a command', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
    expect(run('npx', ['--no', '--', 'holdfast', '--version'])).toContain(version)
    const command = join(USER, 'node_modules/.bin/holdfast')
    expect(run(command, ['init', '--source', 'base.ini', '-n', 'shop'])).toContain('Namespace shop')
    expect(run(command, ['get', 'server.port', '-n', 'shop'])).toBe('4949\n')
    expect(run(command, ['get', 'server.port', '-n', 'default'])).toBe('5050\n')
  })

  it('refuses an older Node in one sentence', () => {
    const older = oldNode()
    if (older === undefined) return
    const ended = spawnSync(older, [join(USER, 'node_modules/holdfast/dist/cli/main.js'), 'get'], { encoding: 'utf8' })
    expect(ended.status).toBe(1)
    expect(ended.stderr).toMatch(/^holdfast: this is Node .*, and Holdfast needs Node 22\.22 or later\./)
  })
})

/** With the Node that runs the tests, as a user of a supported one. */
function run(command: string, words: readonly string[], cwd = USER): string {
  const path = [dirname(process.execPath), process.env['PATH']].join(delimiter)
  return execFileSync(command, words, { cwd, encoding: 'utf8', env: { ...process.env, PATH: path } })
}

const write = (name: string, text: string): void => writeFileSync(join(USER, name), text)

const readJson = (name: string): object => JSON.parse(readFileSync(join(USER, name), 'utf8')) as object

/** A Node on the system that is too old to run Holdfast, where there is one. */
function oldNode(): string | undefined {
  const places = (process.env['PATH'] ?? '').split(delimiter).filter((place) => !place.includes('node_modules'))
  return places
    .map((place) => join(place, 'node'))
    .find((node) => {
      const [major = 99] = (spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout ?? '')
        .split('.')
        .map(Number)
      return major > 0 && major < 22
    })
}
