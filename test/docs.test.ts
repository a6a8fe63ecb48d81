import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { EXIT } from '../src/cli/print.ts'

/**
 * What the documents show is true. In each document, in its order and in one folder that begins with the files of the example:
 * - `console` blocks are transcripts: each `$ command` is run by the shell (`> ` goes on), and what follows must be what it prints;
 *   `…` stands for any text, and alone on a line for any lines.
 * - `ts` and `ini`, `yaml` … blocks whose first line is a comment with a file's name are written there.
 * - every `ts` block is checked by the compiler; those of LIBRARY.md are run as one program, `// => text` being what the line gives.
 * Blocks of `sh` are for places that a test does not have (a server, another machine), and are not run.
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
    it('shows what its commands print', { timeout: 120_000 }, () => {
      for (const block of blocks) {
        const name = nameOf(block)
        if (name !== undefined) writeFileSync(join(folder, name), block.text)
        if (block.language === 'console') follow(block, folder, document)
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

  it('names the details that each code carries', () => {
    expect(Object.fromEntries(rows.map(({ code, details }) => [code, details]))).toEqual(declaredDetails())
  })
})

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

/** Runs a transcript in one shell, so that `$?` and variables live on, and compares step by step. */
function follow({ text, line }: Block, folder: string, document: string): void {
  const steps = stepsOf(text)
  const mark = '(end of step)'
  const script = ['exec 2>&1', ...steps.map(({ command }) => `${command}\nlast=$?; echo '${mark}'; (exit $last)`)].join(
    '\n',
  )
  const path = [BIN, dirname(process.execPath), process.env['PATH']].join(delimiter)
  const { stdout } = spawnSync('bash', ['-c', script], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: path, HOME: folder, USER: 'ana', LANG: 'C.UTF-8' },
    timeout: 60_000,
  })
  const printed = stdout.split(`${mark}\n`)
  for (const [i, { command, output }] of steps.entries()) {
    const found = (printed[i] ?? '').trimEnd()
    if (toPattern(output).test(found)) continue
    expect.soft(`$ ${command}\n${found}`, `${document}:${line}`).toBe(`$ ${command}\n${output}`)
  }
}

function stepsOf(text: string): readonly { readonly command: string; readonly output: string }[] {
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
  if (text.includes("from 'holdfast'")) return text
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
  const entry = { name: 'holdfast', version: '0.0.0', type: 'module', exports: { '.': './src/index.ts' } }
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
  readonly details: readonly string[]
}

/** The sections of the document: `## \`code\``, then a line with the exit status and the details. */
function errorRows(): readonly ErrorRow[] {
  const text = readFileSync(join(ROOT, 'docs/ERRORS.md'), 'utf8')
  return Array.from(
    text.matchAll(/^## `([\w-]+)`\n\nExit status (\d+)\. Details: (.*)\.$/gm),
    ([, code, exit, details]) => ({
      code: code!,
      exit: Number(exit),
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
