import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { EXIT } from '../src/cli/print.ts'
import { PATHS, type RouteName } from '../src/wire/paths.ts'
import { STATUS } from '../src/wire/problem.ts'
import { ROUTES } from '../src/wire/routes.ts'

/**
 * What the documents show is true. In each document, in its order and in one folder that begins with the files of the example:
 * - `console` blocks are transcripts: each `$ command` is run by the shell (`> ` goes on), and what follows must be what it prints;
 *   `…` stands for any text, and alone on a line for any lines. What is exported lives on in later blocks.
 * - a `console` block that is `$ holdfast serve` starts a server, on a free port, for the rest of the document: from there on
 *   `http://127.0.0.1:7420` is where it listens.
 * - `ts` and `ini`, `yaml` … blocks whose first line is a comment with a file's name are written there.
 * - every `ts` block is checked by the compiler; those of LIBRARY.md are run as one program, `// => text` being what the line gives.
 * - a block that is a file of `examples/follow` is the same as the file.
 * Blocks of `sh` are for places that a test does not have (another machine, a second terminal), and are not run.
 */
const ROOT = join(import.meta.dirname, '..')
const WORK = mkdtempSync(join(tmpdir(), 'holdfast-docs-'))
const DOCUMENTS = ['README.md', ...globSync('docs/*.md', { cwd: ROOT })].sort()
const BIN = join(WORK, 'bin')

interface Block {
  readonly language: string
  readonly text: string
  readonly line: number
}

mkdirSync(BIN)
writeFileSync(join(WORK, 'package.json'), '{"type":"module"}')
writeFileSync(join(BIN, 'holdfast'), `#!/bin/sh\nexec '${process.execPath}' '${ROOT}/src/cli/main.ts' "$@"\n`, {
  mode: 0o755,
})
makePackage(join(WORK, 'node_modules/holdfast'))
afterAll(() => rmSync(WORK, { recursive: true, force: true }))

describe.each(DOCUMENTS)('%s', (document) => {
  const blocks = blocksOf(readFileSync(join(ROOT, document), 'utf8'))
  const folder = join(WORK, document.replaceAll(/\W/g, '-'))
  cpSync(join(ROOT, 'examples/tacacs'), folder, { recursive: true })
  const code = blocks.filter(({ language }) => language === 'ts')

  it('has links that lead somewhere', () => {
    expect(brokenLinks(document)).toEqual([])
  })

  if (blocks.some(({ language }) => language === 'console')) {
    it('shows what its commands print', { timeout: 120_000 }, async () => {
      await using terminal = new Terminal(folder, document)
      for (const block of blocks) {
        const name = nameOf(block)
        if (name !== undefined) write(join(folder, name), block.text)
        if (block.language === 'console') await terminal.follow(block)
      }
    })
  }

  const examples = blocks.filter((block) => existsSync(join(ROOT, 'examples/follow', nameOf(block) ?? 'none')))
  if (examples.length > 0) {
    it('shows the examples as they are', () => {
      for (const block of examples) {
        expect(block.text.slice(block.text.indexOf('\n') + 1)).toBe(
          readFileSync(join(ROOT, 'examples/follow', nameOf(block)!), 'utf8'),
        )
      }
    })
  }

  if (code.length > 0) {
    it('has code that compiles', { timeout: 60_000 }, () => {
      const programs = isOneProgram(document) ? [asProgram(code)] : code.map(({ text }) => withConfig(text))
      expect(compile(programs, join(folder, 'checked'))).toBe('')
    })
  }

  if (code.length > 0 && isOneProgram(document)) {
    it('has code that gives what it says', { timeout: 60_000 }, () => {
      const file = join(folder, 'program.ts')
      writeFileSync(file, asProgram(code))
      const ended = spawnSync(process.execPath, [file], { cwd: folder, encoding: 'utf8', timeout: 60_000 })
      expect(ended.stdout).toBe('')
      expect(ended.status, ended.stderr).toBe(0)
    })
  }
})

describe('docs/ERRORS.md', () => {
  const rows = errorRows()

  it('explains each code of the table, and no other', () => {
    expect(rows.map(({ code }) => code).sort()).toEqual(Object.keys(EXIT).sort())
  })

  it('tells the exit status that the command line gives', () => {
    expect(Object.fromEntries(rows.map(({ code, exit }) => [code, exit]))).toEqual({ ...EXIT })
  })

  it('tells the status that the server answers with', () => {
    expect(Object.fromEntries(rows.map(({ code, status }) => [code, status]))).toEqual({ ...STATUS })
  })

  it('names the details that each code carries', () => {
    expect(Object.fromEntries(rows.map(({ code, details }) => [code, details]))).toEqual(declaredDetails())
  })
})

describe('docs/API.md', () => {
  it('lists every address, what it needs and what it is for', async () => {
    const page = join(ROOT, 'docs/API.md')
    await expect(withAddresses(readFileSync(page, 'utf8'))).toMatchFileSnapshot(page)
  })
})

const BELOW = '/api/v1/namespaces/{ns}'

/** The page with the tables of all routes in their place. */
function withAddresses(page: string): string {
  const names = Object.keys(PATHS) as RouteName[]
  const [within, besides] = [names.filter(isBelow), names.filter((name) => !isBelow(name))]
  const tables = `Below \`${BELOW}\`:\n\n${addressTable(within)}\nBesides:\n\n${addressTable(besides)}`
  const place = /(<!-- addresses: .* -->\n)[\s\S]*(<!-- end of addresses -->)/
  return page.replace(place, (_, begin: string, end: string) => `${begin}\n${tables}\n${end}`)
}

const isBelow = (name: RouteName): boolean => PATHS[name][1].startsWith(`${BELOW}/`)

function addressTable(names: readonly RouteName[]): string {
  const rows = names.map((name) => {
    const [method, path] = PATHS[name]
    const { scope, summary } = ROUTES[name]
    const needs = scope === 'none' ? 'nothing' : scope === 'token' ? 'any token' : `\`${scope}\``
    return `| \`${method} ${isBelow(name) ? path.slice(BELOW.length) : path}\` | ${needs} | ${summary} |`
  })
  return ['| | needs | |', '|---|---|---|', ...rows, ''].join('\n')
}

function blocksOf(text: string): readonly Block[] {
  return Array.from(text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm), (found) => ({
    language: found[1]!,
    text: found[2]!,
    line: text.slice(0, found.index).split('\n').length,
  }))
}

/** The file a block is, told by its first line: `// service.ts`, `# holdfast.yaml`. */
function nameOf({ language, text }: Block): string | undefined {
  if (language === 'console' || language === 'sh') return undefined
  return /^(?:\/\/|#|;) ([\w./-]+\.\w+)\n/.exec(text)?.[1]
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

/** Where the reader's server listens. */
const SERVER = 'http://127.0.0.1:7420'

/** Where the transcripts of one document are run, one after another. */
class Terminal implements AsyncDisposable {
  readonly #folder: string
  readonly #document: string
  /** Of the blocks before, what later ones see. */
  readonly #exports: string[] = []
  #server: { readonly child: ChildProcess; readonly url: string } | undefined

  constructor(folder: string, document: string) {
    this.#folder = folder
    this.#document = document
  }

  /** Runs a transcript in one shell, so that `$?` and variables live on, and compares step by step. */
  async follow({ text, line }: Block): Promise<void> {
    const steps = stepsOf(text)
    const printed = steps[0]?.command === 'holdfast serve' ? [await this.#serve()] : this.#run(steps)
    for (const [i, { command, output }] of steps.entries()) {
      const found = this.#asWritten((printed[i] ?? '').trimEnd())
      if (toPattern(output).test(found)) continue
      expect.soft(`$ ${command}\n${found}`, `${this.#document}:${line}`).toBe(`$ ${command}\n${output}`)
    }
  }

  #run(steps: readonly Step[]): readonly string[] {
    const mark = '(end of step)'
    const commands = steps.map(({ command }) => this.#asMeant(command))
    const script = commands.map((command) => `${command}\nlast=$?; echo '${mark}'; (exit $last)`)
    const { stdout } = spawnSync('bash', ['-c', ['exec 2>&1', ...this.#exports, ...script].join('\n')], {
      cwd: this.#folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      env: this.#env,
      timeout: 60_000,
    })
    this.#exports.push(...commands.filter((command) => command.startsWith('export ')))
    return stdout.split(`${mark}\n`)
  }

  /** Starts it, and gives what it says until it listens. */
  async #serve(): Promise<string> {
    const file = join(this.#folder, 'serve.log')
    const output = openSync(file, 'w')
    const env = { ...this.#env, HOLDFAST_PORT: '0', HOLDFAST_LOG_FORMAT: 'text' }
    const child = spawn(join(BIN, 'holdfast'), ['serve'], { cwd: this.#folder, env, stdio: ['ignore', output, output] })
    const kill = (): boolean => child.kill('SIGKILL')
    process.once('exit', kill)
    child.once('exit', () => process.off('exit', kill))
    while (child.exitCode === null) {
      const said = readFileSync(file, 'utf8')
      const url = /listening {2}url=(\S+) .*\n/.exec(said)?.[1]
      if (url !== undefined) {
        this.#server = { child, url }
        return said
      }
      await sleep(50)
    }
    return readFileSync(file, 'utf8')
  }

  #asMeant(command: string): string {
    return command.replaceAll(SERVER, this.#server?.url ?? SERVER)
  }

  #asWritten(printed: string): string {
    return this.#server === undefined ? printed : printed.replaceAll(this.#server.url, SERVER)
  }

  get #env(): NodeJS.ProcessEnv {
    const path = [BIN, dirname(process.execPath), process.env['PATH']].join(delimiter)
    return { PATH: path, HOME: this.#folder, USER: 'ana', LANG: 'C.UTF-8' }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { child } = this.#server ?? {}
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
  }
}

interface Step {
  readonly command: string
  readonly output: string
}

function stepsOf(text: string): readonly Step[] {
  const steps: { command: string; output: string }[] = []
  for (const line of text.trimEnd().split('\n')) {
    const last = steps.at(-1)
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), output: '' })
    else if (last === undefined) throw new Error(`a console block begins with "$ ", not with ${JSON.stringify(line)}`)
    else if (line.startsWith('> ') && last.output === '') last.command += `\n${line.slice(2)}`
    else last.output += last.output === '' ? line : `\n${line}`
  }
  return steps.map(({ command, output }) => ({ command, output: output.trimEnd() }))
}

function toPattern(output: string): RegExp {
  const lines = output.split('\n').map((line) => (line.trim() === '…' ? '[\\s\\S]*' : toLine(line)))
  return new RegExp(`^${lines.join('\\n')}$`)
}

const toLine = (line: string): string => line.split('…').map(escaped).join('.*')

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')

const isOneProgram = (document: string): boolean => document === 'docs/LIBRARY.md'

/** All blocks as one module: imports first, and lines that tell their result made into checks of it. */
function asProgram(blocks: readonly Block[]): string {
  const lines = blocks.flatMap(({ text }) => text.split('\n'))
  const imports = lines.filter((line) => line.startsWith('import '))
  const rest = lines.filter((line) => !line.startsWith('import '))
  const body = rest.map((line) => {
    const [, code, meant] = /^(\S.*?)\s+\/\/ => (.*)$/.exec(line) ?? []
    return code === undefined ? line : `same(${code}, ${JSON.stringify(meant)})`
  })
  return [...new Set(imports), HELPER, ...body].join('\n')
}

const HELPER = `import { inspect as shown } from 'node:util'
function same(value: unknown, meant: string) {
  const found = typeof value === 'string' ? value : shown(value, { depth: 9, breakLength: Infinity, compact: true })
  const parts = meant.split('…').map((part) => part.replaceAll(/[\\\\^$.*+?()[\\]{}|]/g, '\\\\$&'))
  const plain = found.replaceAll('[Object: null prototype] ', '')
  if (!new RegExp('^' + parts.join('[^]*') + '$').test(plain)) console.log('found', plain, '\\nmeant', meant)
}`

/** A fragment that speaks of \`config\` gets one to speak of, and what it uses of the library. */
function withConfig(text: string): string {
  if (text.includes("from 'holdfast")) return text
  const names = 'Config, openConfig, file, env, url, inline, HoldfastError, openAdmin'.split(', ')
  const used = names.filter((name) => name === 'Config' || new RegExp(`\\b${name}\\b`).test(text))
  const given = /\bconst config\b|\busing config\b/.test(text) ? '' : 'declare const config: Config\n'
  return `import { ${used.map((name) => (name === 'Config' ? 'type Config' : name)).join(', ')} } from 'holdfast'\n${given}${text}\nexport type Used = Config`
}

function compile(programs: readonly string[], folder: string): string {
  mkdirSync(folder, { recursive: true })
  for (const [i, program] of programs.entries()) writeFileSync(join(folder, `block-${i + 1}.ts`), program)
  const options = {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: { typeRoots: [join(ROOT, 'node_modules/@types')], noUnusedLocals: false, noEmit: true },
    include: ['*.ts'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options))
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { cwd: folder, encoding: 'utf8' })
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('block-'))
    .join('\n')
}

/** A package \`holdfast\` whose entry is the source, so that a document's code needs no build. */
function makePackage(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const entry = {
    name: 'holdfast',
    version: '0.0.0',
    type: 'module',
    exports: { '.': './src/index.ts', './client': './src/client.ts', './server': './src/server.ts' },
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(entry))
  symlinkSync(join(ROOT, 'src'), join(folder, 'src'))
  for (const name of ['zod', 'valibot']) symlinkSync(join(ROOT, 'node_modules', name), join(WORK, 'node_modules', name))
}

function brokenLinks(document: string): readonly string[] {
  const text = readFileSync(join(ROOT, document), 'utf8').replace(/^```[\s\S]*?^```$/gm, '')
  const links = Array.from(text.matchAll(/\]\(([^)\s]+)\)/g), ([, link]) => link!)
  return links.filter((link) => {
    if (/^https?:/.test(link)) return false
    const [path = '', anchor] = link.split('#')
    const target = path === '' ? document : join(dirname(document), path)
    return !existsSync(join(ROOT, target)) || (anchor !== undefined && !anchorsOf(target).includes(anchor))
  })
}

function anchorsOf(document: string): readonly string[] {
  const text = readFileSync(join(ROOT, document), 'utf8').replace(/^```[\s\S]*?^```$/gm, '')
  return Array.from(text.matchAll(/^#+ (.*)$/gm), ([, title]) =>
    title!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

interface ErrorRow {
  readonly code: string
  readonly exit: number
  readonly status: number
  readonly details: readonly string[]
}

/** The sections of the document: `## \`code\``, then a line with both statuses and the details. */
function errorRows(): readonly ErrorRow[] {
  const text = readFileSync(join(ROOT, 'docs/ERRORS.md'), 'utf8')
  return Array.from(
    text.matchAll(/^## `([\w-]+)`\n\nExit status (\d+), HTTP status (\d+)\. Details: (.*)\.$/gm),
    ([, code, exit, status, details]) => ({
      code: code!,
      exit: Number(exit),
      status: Number(status),
      details: Array.from(details!.matchAll(/`(\w+)`/g), ([, name]) => name!).sort(),
    }),
  )
}

function declaredDetails(): Readonly<Record<string, readonly string[]>> {
  const source = readFileSync(join(ROOT, 'src/model/errors.ts'), 'utf8')
  const table = /export interface ErrorDetails \{([\s\S]*?)\n\}/.exec(source)![1]!
  const rows = table.matchAll(/^ {2}'?([\w-]+)'?: \{(.*)\}$/gm)
  return Object.fromEntries(
    Array.from(rows, ([, code, fields]) => [
      code!,
      Array.from(fields!.matchAll(/readonly (\w+)\??:/g), ([, name]) => name!).sort(),
    ]),
  )
}
